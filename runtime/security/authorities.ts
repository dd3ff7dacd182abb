/** The authorities of one host on one thread: one for each actor and scope that its processes act for. */
import { packExact } from '../payload/messagepack.ts';
import type { Payload } from '../payload/payload.ts';
import { Authority, type Border } from './authority.ts';
import type { Policy } from './decision.ts';
import { actorIn, scopeIn } from './identity.ts';

type Context = { readonly [key: string]: Payload };

/** So many identities are kept; a host with more users than this makes some of them anew. */
const KEPT = 10_000;

export class Authorities {
  readonly #border: Border;
  readonly #policies: ReadonlyMap<string, Policy>;
  /** By the context object, which a process shares with the children that it gives no other to. */
  readonly #byContext = new WeakMap<Context, Authority>();
  /** By what the identity is: contexts that came from other threads are equal and not the same. */
  readonly #byIdentity = new Map<string, Authority>();

  constructor(border: Border, policies: ReadonlyMap<string, Policy>) {
    this.#border = border;
    this.#policies = policies;
  }

  of(context: Context): Authority {
    let authority = this.#byContext.get(context);
    if (authority === undefined) {
      authority = this.#find(context);
      this.#byContext.set(context, authority);
    }
    return authority;
  }

  #find(context: Context): Authority {
    const actor = actorIn(context);
    const scope = scopeIn(context);
    const key = Buffer.from(packExact([(actor ?? null) as Payload, (scope ?? null) as Payload])).toString('latin1');
    let authority = this.#byIdentity.get(key);
    if (authority === undefined) {
      authority = new Authority(this.#border, actor, scope, this.#policies);
      if (this.#byIdentity.size >= KEPT) this.#byIdentity.clear();
      this.#byIdentity.set(key, authority);
    }
    return authority;
  }
}
