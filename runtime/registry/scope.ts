/** What the texts of one entry can refer to: other entries, policy groups, capabilities. */
import type { ZodType } from 'zod';
import type { ErrorKind } from '../errors.ts';
import type { EntryReference } from '../capabilities/capability.ts';
import { type Declaration, ID_PART } from './declaration.ts';
import type { EntryKind } from './entry.ts';
import { didYouMean } from './suggest.ts';
import { child, descend, itemsOf, type Tree, textOf } from './tree.ts';
import { oneOf } from './words.ts';

/** A reference that cannot be used, as a text that follows `key: `. */
export interface BadReference {
  readonly message: string;
  readonly kind: ErrorKind;
}

export interface ScopeOptions {
  /** Names of the capabilities that exist; undefined: any name will do. */
  readonly capabilities?: readonly string[];
  /** Schemas of the capabilities' settings. */
  readonly capabilitySettings?: { readonly [name: string]: ZodType };
  /** Entries that these settings name. */
  readonly capabilityReferences?: {
    readonly [name: string]: ((settings: never) => readonly EntryReference[]) | undefined;
  };
}

/** Entries that the runtime brings along. Source: semantics section 9. */
const BUILT_IN: ReadonlyMap<string, EntryKind> = new Map([['system:functions', 'process.host']]);

export class Scope {
  /** Of the entry that is being validated. */
  namespace = '';
  readonly options: ScopeOptions;
  private readonly declared: ReadonlyMap<string, Declaration>;
  private readonly complete: boolean;
  private readonly removed: ReadonlySet<string>;
  private readonly groups = new Set<string>();
  private readonly onlyHost: string | undefined;
  /** Services and supervisors that a supervisor runs: child -> supervisor. */
  private readonly supervisors = new Map<string, string>();

  /**
   * `complete`: whether `declared` holds every entry; if not, references that lead nowhere are not reported. `removed`: ids
   * that the files declare and that were taken away at run time.
   */
  constructor(
    declared: ReadonlyMap<string, Declaration>,
    complete: boolean,
    options: ScopeOptions = {},
    removed: ReadonlySet<string> = new Set(),
  ) {
    this.declared = declared;
    this.complete = complete;
    this.removed = removed;
    this.options = options;
    const hosts: string[] = [];
    for (const { id, kind, tree, namespace } of declared.values()) {
      if (kind === 'process.host') hosts.push(id);
      if (kind === 'process.supervisor') this.noteChildren(id, tree, namespace);
      if (kind !== 'security.policy' && kind !== 'security.policy.expr') continue;
      for (const group of itemsOf(descend(tree, ['groups'])) ?? []) this.groups.add(String(group.content));
    }
    this.onlyHost = hosts.length === 1 ? hosts[0] : undefined;
  }

  /** `namespace:name` of a reference that may leave out the namespace; undefined where it is no id at all. */
  fullId(text: string, namespace = this.namespace): string | undefined {
    const parts = text.split(':');
    if (parts.length > 2 || !parts.every(part => ID_PART.test(part))) return undefined;
    return parts.length === 2 ? text : `${namespace}:${text}`;
  }

  /** The full id of an entry of one of `kinds` (any kind, if empty). */
  find(text: string, kinds: readonly EntryKind[]): string | BadReference {
    const id = this.fullId(text);
    if (id === undefined) {
      return { message: `"${text}" is not the id of an entry; write namespace:name`, kind: 'INVALID' };
    }
    const kind = BUILT_IN.get(id) ?? this.declared.get(id)?.kind;
    if (kind === undefined) {
      if (this.declared.has(id) || !this.complete) return id;
      if (this.removed.has(id)) {
        const message = `${id} is removed at run time; keep it, or change what refers to it in the same step`;
        return { message, kind: 'NOT_FOUND' };
      }
      return { message: `there is no entry ${id}${this.suggest(id, kinds)}`, kind: 'NOT_FOUND' };
    }
    if (kinds.length === 0 || kinds.includes(kind)) return id;
    return { message: `${id} is ${article(kind)}, not ${oneOf(kinds.map(article))}`, kind: 'INVALID' };
  }

  /** Where a process runs when nobody says so: its own `meta.default_host`, else the only host of the deployment. */
  defaultHost(process: string): string | undefined {
    const declaration = this.declared.get(process);
    const text = textOf(descend(declaration?.tree, ['meta', 'default_host']));
    if (text !== undefined && declaration !== undefined) return this.fullId(text, declaration.namespace);
    // Where entries are missing, the host may be among them; such a deployment is refused for other reasons.
    return this.onlyHost ?? (this.complete ? undefined : '?');
  }

  /** A service that runs this process, if there is one. */
  serviceOf(process: string): string | undefined {
    for (const { id, kind, tree, namespace } of this.declared.values()) {
      if (kind !== 'process.service') continue;
      if (this.fullId(textOf(child(tree, 'process')) ?? '', namespace) === process) return id;
    }
    return undefined;
  }

  /** The supervisor of which a service or supervisor is a child. */
  supervisorOf(id: string): string | undefined {
    return this.supervisors.get(id);
  }

  kindOf(id: string): EntryKind | undefined {
    return this.declared.get(id)?.kind;
  }

  /** A service or supervisor with `lifecycle.auto_start`. */
  isStartedByItself(id: string): boolean {
    const { kind, tree } = this.declared.get(id) ?? {};
    const starts = descend(tree, ['lifecycle', 'auto_start'])?.content;
    return (kind === 'process.service' || kind === 'process.supervisor') && (starts === true || starts === 'true');
  }

  /** Why a policy group cannot be used, as a text that follows `key: `. */
  faultOfGroup(group: string): BadReference | undefined {
    if (this.groups.has(group) || !this.complete) return undefined;
    const hint = didYouMean(group, this.groups, `; add "groups: [${group}]" to a security.policy entry`);
    return { message: `no policy belongs to the group "${group}"${hint}`, kind: 'NOT_FOUND' };
  }

  private noteChildren(supervisor: string, tree: Tree, namespace: string): void {
    for (const item of itemsOf(child(tree, 'children')) ?? []) {
      const written = textOf(item) ?? textOf(child(item, 'process')) ?? textOf(child(item, 'id')) ?? '';
      const id = this.fullId(written, namespace);
      const kind = id === undefined ? undefined : this.declared.get(id)?.kind;
      if (kind === 'process.service' || kind === 'process.supervisor') this.supervisors.set(id!, supervisor);
    }
  }

  private suggest(id: string, kinds: readonly EntryKind[]): string {
    const right: string[] = [];
    for (const other of this.declared.values()) {
      if (kinds.length === 0 || (other.kind !== undefined && kinds.includes(other.kind))) right.push(other.id);
    }
    const name = id.slice(id.indexOf(':') + 1);
    const elsewhere = right.filter(other => other.endsWith(`:${name}`));
    if (elsewhere.length === 1) return `; did you mean "${elsewhere[0]}"?`;
    const some = right.length > 0 && right.length <= 5 ? `; there is ${right.join(', ')}` : '';
    return didYouMean(id, right, some === '' ? '; add it, or correct the id' : some);
  }
}

function article(kind: EntryKind): string {
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
