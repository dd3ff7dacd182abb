/** `${env:NAME}` in YAML texts: replaced once, when the deployment is loaded. */

export type Environment = { readonly [name: string]: string | undefined };

export interface Replaced {
  readonly text: string;
  readonly faults: readonly Fault[];
}

export interface Fault {
  /** The text of the reference that is at fault, and how many equal ones come before it. */
  readonly token: string;
  readonly nth: number;
  readonly message: string;
}

const REFERENCE = /(\$?)\$\{env:([^}\n]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function hasReference(text: string): boolean {
  return text.includes('${env:');
}

/** `$${env:NAME}` stays as the text `${env:NAME}`. */
export function replaceReferences(text: string, environment: Environment): Replaced {
  const faults: Fault[] = [];
  const seen = new Map<string, number>();
  const replaced = text.replace(REFERENCE, (token: string, escaped: string, name: string, end: string) => {
    if (escaped !== '') return token.slice(1);
    const nth = seen.get(token) ?? 0;
    seen.set(token, nth + 1);
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (end === '') faults.push({ token, nth, message: `${token} has no closing brace; write \${env:NAME}` });
    else if (!NAME.test(name)) {
      const message = `${token} does not name a variable; write \${env:NAME} with letters, digits and _ only`;
      faults.push({ token, nth, message });
    } else if (value === undefined) {
      const message = `the environment variable ${name} is not set; set it before the start, or write $${token} if this text is meant`;
      faults.push({ token, nth, message });
    } else return value;
    return token;
  });
  return { text: replaced, faults };
}
