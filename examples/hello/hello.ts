import { defineFunction } from 'troupe/sdk';

export default defineFunction((_self, name: string) => `Hello, ${name}, from TypeScript`);
