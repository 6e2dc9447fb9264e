/**
 * Via (RFC 3261 section 20.42) with `received` and `rport` (RFC 3581).
 * @module
 */
import { hostPort, parseAddress } from '../../wire/address.js';
import { Scanner, formatParams, hostName, isHost, isToken, param, portOf, scanParams, SyntaxFault, withParam, type Param, type Params } from './syntax.js';

/** Branches that start so are unique across space and time (RFC 3261 section 8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK';

export interface Via {
  /** `SIP/2.0` of the sent-protocol. */
  readonly protocol: string;
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly params: Params;
}

export function scanVia(s: Scanner): Via {
  s.white();
  const name = s.token('via', 'protocol name');
  if (!s.separator('/')) s.fail('via', 'slash expected');
  const version = s.token('via', 'protocol version');
  if (!s.separator('/')) s.fail('via', 'slash expected');
  const transport = s.token('via', 'transport');
  if (!s.white()) s.fail('via', 'white space expected before sent-by');
  const host = s.host('via');
  let port: number | null = null;
  if (s.separator(':')) {
    port = portOf(s.digits('via', 'port'));
    if (port === null) s.fail('via', 'port above 65535');
  }
  const at = s.pos;
  const params = scanParams(s);
  for (const p of params) checkParam(p, at);
  return { protocol: `${name}/${version}`, transport, host, port, params };
}

/** The parameters that have a grammar of their own (RFC 3261 section 25.1, RFC 3581 section 3). */
function checkParam({ name, value }: Param, at: number): void {
  const fits = PARAMS.get(name.toLowerCase());
  if (fits !== undefined && !fits(value)) throw new SyntaxFault('via', at, `malformed parameter ${name}`);
}

const PARAMS: ReadonlyMap<string, (value: string | null) => boolean> = new Map([
  ['branch', (value) => value !== null && isToken(value)],
  ['maddr', (value) => value !== null && isHost(value)],
  // RFC 5118 section 4.5: with and without brackets.
  ['received', (value) => value !== null && parseAddress(value.replace(/^\[|\]$/g, '')) !== undefined],
  ['rport', (value) => value === null || (/^\d+$/.test(value) && portOf(value) !== null)],
  ['ttl', (value) => value !== null && /^\d{1,3}$/.test(value) && Number(value) <= 255],
]);

/** One header field value, which may hold several. Throws a SyntaxFault. */
export function parseVias(text: string): Via[] {
  const s = new Scanner(text);
  const vias = [scanVia(s)];
  while (s.separator(',')) vias.push(scanVia(s));
  s.end('via', 'the parameters');
  return vias;
}

export function formatVia(via: Via): string {
  const port = via.port === null ? '' : `:${via.port}`;
  return `${via.protocol}/${via.transport} ${via.host}${port}${formatParams(via.params)}`;
}

/** The branch, or null when it does not identify the transaction (RFC 2543 elements, or the bare cookie). */
export function branchOf(via: Via): string | null {
  const branch = param(via.params, 'branch');
  return branch !== undefined && branch.startsWith(MAGIC_COOKIE) && branch.length > MAGIC_COOKIE.length ? branch : null;
}

/** `host:port`, lower case, with the transport's default port filled in. */
export function sentBy(via: Via): string {
  return hostPort(hostName(via.host), via.port ?? (via.transport.toUpperCase() === 'TLS' ? 5061 : 5060));
}

/** What a server adds to the topmost Via (RFC 3261 section 18.2.1, RFC 3581 section 4). */
export function stampVia(via: Via, source: { readonly address: string; readonly port: number }): Via {
  let params = via.params;
  const asked = param(params, 'rport') === '';
  if (asked || hostName(via.host) !== source.address) params = withParam(params, 'received', source.address);
  if (asked) params = withParam(params, 'rport', String(source.port));
  return params === via.params ? via : { ...via, params };
}
