import { defineProcess } from 'troupe/sdk';

/** The text in capital letters; the notebook is told. */
export default defineProcess(function* (self, text: string) {
  const result = text.toUpperCase();
  const answer = self.send('notebook', 'note', result);
  return answer === true ? { result, noted: true } : { result, noted: false, why: answer.message };
});
