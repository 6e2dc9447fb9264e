/**
 * What a SIP ALG does to a message: it looks for addresses in the lines where it knows them to stand, and swaps them.
 * Text surgery, as such boxes do it: no parser, no idea of dialogs. Headers: request line, Via, Contact, Route,
 * Record-Route (also in their short forms, RFC 3261 section 7.3.3); SDP (RFC 8866): o=, c=, m=, a=rtcp, a=candidate.
 * @module
 */
export interface SipEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface SipSwap {
  /** What an endpoint of the signalling is called on the other side; null: it stays. */
  signalling(endpoint: SipEndpoint): SipEndpoint | null;
  /** The same for media; port 0 where only the address stands there. */
  media(endpoint: SipEndpoint): SipEndpoint | null;
}

const FIRST_LINE = /^(?:[A-Za-z]+ \S+ SIP\/2\.0|SIP\/2\.0 \d{3} [^\r\n]*)\r\n/;
const SIP_PORT = 5060;

const decoder = new TextDecoder('latin1');

/** The message with its addresses swapped, or null when it is no SIP or nothing changes. Content-Length follows. */
export function rewriteSip(message: Uint8Array, swap: SipSwap): Uint8Array | null {
  const text = decoder.decode(message);
  if (!FIRST_LINE.test(text)) return null;
  const split = text.indexOf('\r\n\r\n');
  if (split < 0) return null;
  const head = text.slice(0, split + 2);
  const body = text.slice(split + 4);
  const newBody = /^c\s*:|^content-type\s*:/im.test(head) && /application\/sdp/i.test(head) ? swapSdp(body, swap) : body;
  const swapped = swapHead(head, swap);
  const newHead = newBody.length === body.length ? swapped : swapped.replace(/^(content-length|l)(\s*:\s*)\d+/im, `$1$2${newBody.length}`);
  const result = `${newHead}\r\n${newBody}`;
  return result === text ? null : Uint8Array.from(result, (char) => char.charCodeAt(0));
}

function swapHead(head: string, swap: SipSwap): string {
  return head
    .split('\r\n')
    .map((line, i) => {
      if (i === 0) return line.startsWith('SIP/') ? line : swapUris(line, swap);
      const name = /^([A-Za-z-]+)\s*:/.exec(line)?.[1]?.toLowerCase();
      switch (name) {
        case 'via':
        case 'v':
          return line.replace(
            /(SIP\/2\.0\/[A-Z]+\s+)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::(\d+))?/gi,
            (_all, before: string, address: string, port: string | undefined) => before + written(address, port, swap),
          );
        case 'contact':
        case 'm':
        case 'route':
        case 'record-route':
          return swapUris(line, swap);
        default:
          return line;
      }
    })
    .join('\r\n');
}

function swapUris(line: string, swap: SipSwap): string {
  return line.replace(
    /(sips?:(?:[^@>;\s:]*(?::[^@>;\s:]*)?@)?)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::(\d+))?/gi,
    (_all, before: string, address: string, port: string | undefined) => before + written(address, port, swap),
  );
}

/** `address:port`, as short as it was where the port stays the usual one. */
function written(address: string, port: string | undefined, swap: SipSwap): string {
  const other = swap.signalling({ address, port: port === undefined ? SIP_PORT : Number(port) });
  if (other === null) return port === undefined ? address : `${address}:${port}`;
  return port === undefined && other.port === SIP_PORT ? other.address : `${other.address}:${other.port}`;
}

/** An `m=` line goes by the `c=` line of its own section, else by that of the session. */
function swapSdp(body: string, swap: SipSwap): string {
  const sections = body.split(/(?=^m=)/m);
  const connection = (section: string | undefined): string | undefined => /^c=IN IP4 (\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})/m.exec(section ?? '')?.[1];
  const common = connection(sections[0]?.startsWith('m=') === true ? undefined : sections[0]);
  return sections.map((section) => swapSection(section, connection(section) ?? common, swap)).join('');
}

function swapSection(section: string, address: string | undefined, swap: SipSwap): string {
  const host = (text: string): string => swap.media({ address: text, port: 0 })?.address ?? text;
  const port = (text: string): string => (address === undefined || text === '0' ? text : String(swap.media({ address, port: Number(text) })?.port ?? text));
  return section
    .replace(/^(m=\S+ )(\d+)/, (_all, before: string, value: string) => before + port(value))
    .replace(
      /^(a=rtcp:)(\d+)((?: IN IP4 )(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}))?/gm,
      (_all, before: string, value: string, where: string | undefined, at: string | undefined) =>
        `${before}${port(value)}${where === undefined || at === undefined ? '' : ` IN IP4 ${host(at)}`}`,
    )
    .replace(/^((?:c=|o=.* )IN IP4 )(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})/gm, (_all, before: string, at: string) => before + host(at))
    .replace(
      /^(a=candidate:\S+ \d+ \S+ \d+ )(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}) (\d+)/gm,
      (_all, before: string, at: string, value: string) => before + pair(at, value, swap),
    )
    .replace(
      /( raddr )(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}) rport (\d+)/g,
      (_all, before: string, at: string, value: string) => `${before}${pair(at, value, swap).replace(' ', ' rport ')}`,
    );
}

function pair(address: string, port: string, swap: SipSwap): string {
  const other = swap.media({ address, port: Number(port) });
  return other === null ? `${address} ${port}` : `${other.address} ${other.port}`;
}
