//! Trait objects, closures, iterators, shared ownership, recursion over boxes, and panics, which are traps. Each export is one
//! kernel, which waits in the middle.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

#[link(wasm_import_module = "env")]
extern "C" {
    fn wait(n: i32) -> i32;
    fn wait_l(n: i64) -> i64;
    fn wait_d(n: f64) -> f64;
}

fn asked(n: i32) -> i32 {
    unsafe { wait(n) }
}

trait Shape {
    fn area(&self) -> f64;
    fn scaled(self: Box<Self>, by: f64) -> Box<dyn Shape>;
}

struct Square(f64);
struct Slow {
    sides: Vec<f64>,
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn scaled(self: Box<Self>, by: f64) -> Box<dyn Shape> {
        if by > 1.5 {
            Box::new(Slow { sides: vec![self.0, by] })
        } else {
            Box::new(Square(self.0 * by))
        }
    }
}

impl Shape for Slow {
    fn area(&self) -> f64 {
        self.sides.iter().map(|side| unsafe { wait_d(*side) }).fold(1.0, |a, b| (a * b).sqrt() + 0.25)
    }
    fn scaled(mut self: Box<Self>, by: f64) -> Box<dyn Shape> {
        self.sides.push(by * f64::from(asked(self.sides.len() as i32)));
        self
    }
}

/// What is dropped waits, too.
impl Drop for Slow {
    fn drop(&mut self) {
        asked(-(self.sides.len() as i32));
    }
}

#[no_mangle]
pub extern "C" fn shapes(count: i32) -> f64 {
    let mut shapes: Vec<Box<dyn Shape>> = (0..count).map(|i| Box::new(Square(f64::from(i))) as Box<dyn Shape>).collect();
    for round in 0..3 {
        shapes = shapes.into_iter().enumerate().map(|(i, s)| s.scaled(1.0 + ((i + round) % 4) as f64 / 4.0)).collect();
        shapes.retain(|shape| shape.area() < 1e6);
    }
    shapes.iter().map(|shape| shape.area()).sum()
}

/// Closures in a list, each of which holds the one before.
#[no_mangle]
pub extern "C" fn closures(count: i32, seed: i64) -> i64 {
    let mut chain: Box<dyn FnMut(i64) -> i64> = Box::new(|n| n);
    for i in 0..count {
        let mut before = chain;
        let mut calls = 0;
        chain = Box::new(move |n| {
            calls += 1;
            let inner = before(n ^ i64::from(i));
            if i % 3 == calls % 3 {
                inner.wrapping_add(unsafe { wait_l(inner) })
            } else {
                inner.rotate_left(7).wrapping_mul(31)
            }
        });
    }
    (0..4).fold(seed, |n, i| chain(n + i))
}

enum Expr {
    Number(i64),
    Wait(Box<Expr>),
    Binary(char, Box<Expr>, Box<Expr>),
}

/// Reads an expression in parentheses; what it does not understand comes back as an error.
fn parse(text: &mut std::iter::Peekable<std::str::Chars>) -> Result<Expr, String> {
    match text.next() {
        Some(digit @ '0'..='9') => {
            let mut number = i64::from(digit as u32 - '0' as u32);
            while let Some(digit) = text.peek().and_then(|c| c.to_digit(10)) {
                number = number * 10 + i64::from(digit);
                text.next();
            }
            Ok(Expr::Number(number))
        }
        Some('?') => Ok(Expr::Wait(Box::new(parse(text)?))),
        Some('(') => {
            asked(1);
            let left = parse(text)?;
            let operator = text.next().ok_or("an operator is missing")?;
            let right = parse(text)?;
            match text.next() {
                Some(')') => Ok(Expr::Binary(operator, Box::new(left), Box::new(right))),
                other => Err(format!("expected ), got {:?}", other)),
            }
        }
        other => Err(format!("expected an expression, got {:?}", other)),
    }
}

fn evaluate(expr: &Expr) -> Result<i64, String> {
    Ok(match expr {
        Expr::Number(number) => *number,
        Expr::Wait(inner) => i64::from(asked(evaluate(inner)? as i32)),
        Expr::Binary(operator, left, right) => {
            let (left, right) = (evaluate(left)?, evaluate(right)?);
            match operator {
                '+' => left.checked_add(right).ok_or("too large")?,
                '*' => left.checked_mul(right).ok_or("too large")?,
                '/' => left.checked_div(right).ok_or("division by zero")?,
                other => return Err(format!("no operator {}", other)),
            }
        }
    })
}

const EXPRESSIONS: [&str; 4] = [
    "((1+?2)*((?3*44)+(5*?(6+7))))",
    "(1+(2*(3+(4*(5+(6*?(7/?0)))))))",
    "(?1+(?2-3))",
    "((9000000000*?1)*(?2*900000000000))",
];

/// The value of an expression, or the length of what is wrong with it, below 0.
#[no_mangle]
pub extern "C" fn expression(which: u32) -> i64 {
    let mut text = EXPRESSIONS[which as usize].chars().peekable();
    match parse(&mut text).and_then(|expr| evaluate(&expr)) {
        Ok(value) => value,
        Err(message) => -(message.len() as i64),
    }
}

struct Node {
    value: i32,
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Rc<Node>>>,
}

fn grown(depth: i32, value: i32) -> Rc<Node> {
    let node = Rc::new(Node { value: value + asked(depth), parent: RefCell::default(), children: RefCell::default() });
    for i in 0..depth {
        let child = grown(depth - 1, i);
        *child.parent.borrow_mut() = Rc::downgrade(&node);
        node.children.borrow_mut().push(child);
    }
    node
}

fn walked(node: &Node) -> i64 {
    // Borrowed while it waits.
    let children = node.children.borrow();
    let above = node.parent.borrow().upgrade().map_or(0, |parent| asked(parent.value));
    children.iter().fold(i64::from(node.value ^ above), |sum, child| sum * 3 % 1_000_003 + walked(child))
}

/// A tree of shared nodes that know their parents.
#[no_mangle]
pub extern "C" fn family(depth: i32) -> i64 {
    walked(&grown(depth, 0))
}

/// Wide numbers, and those that are not whole, made from each other.
#[no_mangle]
pub extern "C" fn wide(rounds: i32, seed: i64) -> f64 {
    let mut a = seed as u128 | 1;
    let mut f = 1.5f32;
    for i in 0..rounds {
        a = a.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(unsafe { wait_l(a as i64) } as u128);
        a ^= a >> (i % 100);
        f = (f + (a % 1009) as f32).sqrt().mul_add(1.25, (a >> 90) as f32 / 7.0);
    }
    f64::from(f) + (a / 1_000_003) as f64
}

/// Ends with a panic, each time another one: only `which` above 3 gives a result.
#[no_mangle]
pub extern "C" fn panics(which: i32) -> i32 {
    let cell = RefCell::new(vec![asked(which); 3]);
    let held = cell.borrow();
    match which {
        0 => held[(asked(3) | 3) as usize],
        1 => held.iter().find(|n| **n > 1000).copied().unwrap(),
        2 => cell.borrow_mut().pop().unwrap_or(0),
        3 => held[0] / (asked(5) & 0),
        _ => held.iter().sum(),
    }
}
