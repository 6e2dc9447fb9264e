/**
 * Via (RFC 3261 section 20.42) with `received` and `rport` (RFC 3581).
 * @module
 */
import { Scanner, formatParams, param, scanParams, withParam, type Params } from './syntax.js';

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
    port = Number(s.digits('via', 'port'));
    if (port > 65535) s.fail('via', 'port above 65535');
  }
  return { protocol: `${name}/${version}`, transport, host, port, params: scanParams(s) };
}

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
  return `${via.host.toLowerCase()}:${via.port ?? (via.transport.toUpperCase() === 'TLS' ? 5061 : 5060)}`;
}

/** What a server adds to the topmost Via (RFC 3261 section 18.2.1, RFC 3581 section 4). */
export function stampVia(via: Via, source: { readonly address: string; readonly port: number }): Via {
  let params = via.params;
  const asked = param(params, 'rport') === '';
  const host = via.host.replace(/^\[|\]$/g, '').toLowerCase();
  if (asked || host !== source.address) params = withParam(params, 'received', source.address);
  if (asked) params = withParam(params, 'rport', String(source.port));
  return params === via.params ? via : { ...via, params };
}
