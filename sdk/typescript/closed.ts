/**
 * Classes of what programs hold. They are frozen, because a program that changed one would change it for every process of
 * its thread; and nothing that a program holds leads to how it is made, because who makes one with parts of his own
 * choice is handed the runtime's in return.
 */
export interface ShownClass {
  readonly name: string;
  readonly prototype: object;
}

/** From now on its instances say whose they are, and nobody can make one with what they say. */
export function closeClass(shown: ShownClass): void {
  const { name, prototype } = shown;
  const { made } = {
    made() {
      throw new TypeError(`${name} is made by the runtime`);
    },
  };
  Object.defineProperty(made, 'name', { value: name });
  Object.defineProperty(prototype, 'constructor', { value: Object.freeze(made) });
  freezeClass(shown);
}

export function freezeClass(shown: ShownClass): void {
  Object.freeze(shown);
  Object.freeze(shown.prototype);
}
