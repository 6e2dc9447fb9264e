/**
 * The decisions of a run, interned. Text is made when a decision is first met; after that a record of the capture
 * copies its comment option as ready 32-bit words.
 * @module
 */
import { assertInvariant, must } from '../base/assert.js';
import type { DecisionId, NodeId } from '../base/brand.js';
import { type DropCode, dropName } from '../base/drop.js';
import { formatComment, isDecisionKey } from './comment.js';
import type { Decision, Decisions } from './decisions.js';
import { commentOption } from './pcapng-format.js';

/** Above every DropCode: makes one number of a decision and a drop. */
const DROPS = 256;

export class DecisionTable implements Decisions {
  readonly #nodeName: (node: NodeId) => string;
  readonly #byKey = new Map<string, DecisionId>();
  readonly #decisions: (Decision | null)[] = [null];
  readonly #texts: string[] = [''];
  readonly #words = new Map<number, Int32Array>();

  /** @param nodeName names the node in `at=` */
  constructor(nodeName: (node: NodeId) => string) {
    this.#nodeName = nodeName;
  }

  /** How many were met, plus one: ids are below. */
  get size(): number {
    return this.#decisions.length;
  }

  intern(decision: Decision): DecisionId {
    const text = this.#format(decision);
    const key = `${text}\n${decision.reason === null ? '' : JSON.stringify(decision.reason)}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const id = this.#decisions.length as DecisionId;
    this.#decisions.push(decision);
    this.#texts.push(text);
    this.#byKey.set(key, id);
    return id;
  }

  get(id: DecisionId): Decision {
    return must(this.#decisions[id], `decision ${id}`);
  }

  /** The decision in the comment grammar; empty for "none". */
  text(id: DecisionId): string {
    return must(this.#texts[id], `decision ${id}`);
  }

  /** The comment option of a record with that decision and drop (0 = none), ready to be copied; null when both are none. */
  option(id: DecisionId, drop: DropCode): Int32Array | null {
    if (id === 0 && drop === 0) return null;
    const key = id * DROPS + drop;
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    const parts = drop === 0 ? [] : [`drop=${dropName(drop)}`];
    if (id !== 0) parts.push(this.text(id));
    const words = commentOption(parts.join(' '));
    this.#words.set(key, words);
    return words;
  }

  #format(decision: Decision): string {
    const pairs: Record<string, string> = { at: this.#nodeName(decision.node), stage: decision.stage };
    for (const [key, value] of Object.entries(decision.text)) {
      assertInvariant(isDecisionKey(key), `"${key}" is no key of the comment grammar (capture/comment.ts)`);
      pairs[key] = value;
    }
    const reason = decision.reason;
    if (reason?.at === 'firewall') {
      pairs['chain'] ??= reason.chain;
      pairs['rule'] ??= String(reason.rule);
      pairs['src'] ??= `${reason.src.file}:${reason.src.line}`;
    } else if (reason?.at === 'role') pairs['reason'] ??= reason.kind;
    return formatComment(pairs);
  }
}
