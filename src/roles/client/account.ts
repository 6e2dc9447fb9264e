/**
 * Whose client it is: what all parts of it share.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Host } from '../../host/host.js';
import { readNameAddr } from '../../protocol/sip/name-addr.js';
import { addressOf } from '../../protocol/sip/uri.js';
import type { PlanUser } from '../../topology/plan.js';
import type { RoleContext } from '../role.js';
import { type SipEvent, SipUserAgent } from '../sip/sip-user-agent.js';

export class Account {
  readonly host: Host;
  readonly emit: RoleContext['emit'];
  readonly #user: PlanUser | null;
  readonly #onEvent: (event: SipEvent) => void;
  #sip: SipUserAgent | null = null;

  constructor(host: Host, context: RoleContext, onEvent: (event: SipEvent) => void) {
    this.host = host;
    this.emit = context.emit;
    this.#user = context.plan.users.find((candidate) => candidate.node === context.node.name) ?? null;
    this.#onEvent = onEvent;
  }

  /** Errors: ROLE_COMMAND when nobody sits at this node. */
  get user(): PlanUser {
    if (this.#user === null) throw new LabError('ROLE_COMMAND', `no user sits at ${this.host.name}`, { hint: 'add one under users: in the topology' });
    return this.#user;
  }

  /** Made when it is used first: a client that does nothing draws no random numbers. Errors: as of {@link user}. */
  get sip(): SipUserAgent {
    const { address, password } = this.user;
    this.#sip ??= new SipUserAgent(this.host, { aor: `sip:${address}`, credentials: { username: address, password }, outbound: null }, this.#onEvent);
    return this.#sip;
  }

  close(): void {
    this.#sip?.close();
  }
}

/** `alice@contoso.example` of a SIP URI or a header that holds one, in small letters. */
export function userIn(text: string): string {
  const uri = readNameAddr(text)?.uri;
  return (uri?.kind === 'sip' && uri.user !== null ? addressOf(uri) : text).toLowerCase();
}
