//! What Rust's library keeps values in: vectors, maps, heaps, text. Each export is one kernel, which waits in the middle.

use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::fmt::Write;

#[link(wasm_import_module = "env")]
extern "C" {
    fn wait(n: i32) -> i32;
    fn wait_l(n: i64) -> i64;
    fn note(n: i32) -> i32;
}

fn asked(n: i32) -> i32 {
    unsafe { wait(n) }
}

/// Words are counted in a hash map that grows, and come out sorted, by a comparison that waits.
#[no_mangle]
pub extern "C" fn words(rounds: i32) -> i64 {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for i in 0..rounds {
        let word = format!("w{}-{:x}", i * i % 37, i % 5);
        let count = counts.entry(word).or_insert_with(|| i64::from(asked(i)));
        *count += if i % 11 == 0 { unsafe { wait_l(i64::from(i)) } } else { i64::from(i) };
    }
    let mut sorted: Vec<(String, i64)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| {
        if a.0.len() != b.0.len() {
            asked(a.0.len() as i32);
        }
        a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))
    });
    sorted.iter().fold(0i64, |sum, (word, count)| {
        sum.wrapping_mul(31).wrapping_add(*count).wrapping_add(i64::from(word.as_bytes()[1]))
    })
}

/// A key that waits where it is compared: in the nodes of a B-tree, which split and join.
#[derive(PartialEq, Eq)]
struct Key(i32);

impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        if (self.0 ^ other.0) % 7 == 0 {
            asked(self.0);
        }
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[no_mangle]
pub extern "C" fn tree(count: i32) -> i64 {
    let mut tree = BTreeMap::new();
    for i in 0..count {
        tree.insert(Key(i * 7919 % 211), vec![i; (i % 5) as usize]);
    }
    let mut sum = 0i64;
    for (key, values) in tree.range(Key(20)..Key(150)) {
        sum = sum.wrapping_mul(3) + i64::from(key.0) + values.len() as i64;
    }
    for i in (0..count).step_by(2) {
        if let Some(values) = tree.remove(&Key(i * 7919 % 211)) {
            sum += i64::from(values.into_iter().sum::<i32>());
        }
    }
    sum * 1000 + tree.len() as i64
}

/// The shortest way through a field whose heights are waited for, by a heap.
#[no_mangle]
pub extern "C" fn shortest(side: i32) -> i32 {
    let mut heights: HashMap<(i32, i32), i32> = HashMap::new();
    let mut done = vec![false; (side * side) as usize];
    let mut open = BinaryHeap::new();
    open.push((0, 0, 0));
    while let Some((cost, x, y)) = open.pop() {
        if std::mem::replace(&mut done[(y * side + x) as usize], true) {
            continue;
        }
        if (x, y) == (side - 1, side - 1) {
            return -cost;
        }
        for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1)] {
            let next = (x + dx, y + dy);
            if (0..side).contains(&next.0) && (0..side).contains(&next.1) {
                let height = *heights.entry(next).or_insert_with(|| asked(next.0 * side + next.1));
                open.push((cost - height - 1, next.0, next.1));
            }
        }
    }
    -1
}

/// Text that grows, is cut at characters, turned around and read again.
#[no_mangle]
pub extern "C" fn text(rounds: i32, start: i64) -> i64 {
    let mut all = String::new();
    let mut recent = VecDeque::with_capacity(4);
    let mut value = start;
    for i in 0..rounds {
        value = value * 17 / 16 + i64::from(asked(i));
        write!(all, "{:>8}|{:<6}|{:+}|{:#x?};", value, "ß€", -value, Some(i)).unwrap();
        recent.push_back(all.len());
        if recent.len() > 3 {
            let from = recent.pop_front().unwrap();
            let turned: String = all[from..].chars().rev().collect();
            all.push_str(&turned.to_ascii_uppercase());
            unsafe { note(all.len() as i32) };
        }
    }
    all.split(|c| c == '|' || c == ';').fold(0, |sum, part| match part.trim().parse::<i64>() {
        Ok(number) => sum / 2 + number,
        Err(_) => sum + part.chars().filter(|c| c.len_utf8() > 1).count() as i64,
    })
}
