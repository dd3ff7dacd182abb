/** Characters of a text that a program chose itself, where others have to read or keep it. */
const LONGEST = 500;

export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
