/**
 * Text -> session description (RFC 8866 section 9). Strict: what is kept is what was checked; attributes that are not
 * known are passed over. Line ends are CRLF or LF.
 * @module
 */
import { LabError } from '../../base/error.js';
import { parseAddress, parseIpv4, parseIpv6 } from '../../wire/address.js';
import { isRejected, parseCandidate } from '../ice/candidates/candidate.js';
import { parseCrypto } from '../rtp/sdes.js';
import { DIRECTIONS, STATIC_CODECS, type Direction, type RemoteCandidate, type SdpCodec, type SdpMedia, type SdpSession } from './session.js';

interface Line {
  /** From 1. */
  readonly number: number;
  readonly type: string;
  readonly value: string;
}

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+$/;
const HOST_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9\-.]+$/;
/** What may stand behind an m-line (section 9: media-description). */
const OF_MEDIA = new Set(['m', 'i', 'c', 'b', 'k', 'a']);

function malformed(line: number, why: string, expected?: string): never {
  throw new LabError('SDP_MALFORMED', `line ${line} of the session description: ${why}`, expected === undefined ? {} : { expected });
}

/** Errors: SDP_MALFORMED, with the line. */
export function parseSdp(text: string): SdpSession {
  const lines = linesOf(text);
  const firstMedia = lines.findIndex((line) => line.type === 'm');
  const session = firstMedia < 0 ? lines : lines.slice(0, firstMedia);
  for (const line of lines.slice(session.length))
    if (!OF_MEDIA.has(line.type)) malformed(line.number, `${line.type}= stands behind an m-line`, 'it belongs to the session, before the first m-line');
  if (session[0]?.type !== 'v') malformed(1, 'a session description starts with v=0');
  const origin = only(session, 'o', 'origin');
  const name = only(session, 's', 'session name');
  if (!session.some((line) => line.type === 't')) malformed(lines.length, 'no timing', 'a line t=');
  const media: Line[][] = [];
  for (const line of lines.slice(session.length)) {
    if (line.type === 'm') media.push([line]);
    else media.at(-1)?.push(line);
  }
  const common = attributesOf(session);
  const bundles = common.all('group').flatMap(({ value }) => (/^BUNDLE( |$)/.test(value) ? [value.split(' ').slice(1)] : []));
  return {
    origin: originOf(origin),
    name: name.value,
    ...(bundles.length > 0 && { bundles }),
    ...(common.flag('ice-lite') && { iceLite: true }),
    media: media.map((own) => mediaOf(own, session, common)),
  };
}

function linesOf(text: string): Line[] {
  const rows = text.split(/\r?\n/);
  if (rows.at(-1) === '') rows.pop();
  return rows.map((row, i) => {
    const [number, type, value] = [i + 1, row.charAt(0), row.slice(2)];
    if (row.charAt(1) !== '=' || !/^[a-z]$/.test(type)) malformed(number, 'no type and value', 'one letter, an equals sign and the value');
    // Section 9: a byte-string holds neither NUL nor CR nor LF.
    if (value.includes('\0') || value.includes('\r')) malformed(number, 'a NUL or CR stands in the line');
    const line = { number, type, value };
    checkLine(line);
    return line;
  });
}

function checkLine({ number, type, value }: Line): void {
  switch (type) {
    case 'v':
      if (value !== '0') malformed(number, `version ${value}`, 'v=0');
      if (number !== 1) malformed(number, 'a session description starts with v=0, and has it once');
      return;
    case 'o':
      if (!/^\S+ \d+ \d+ IN IP[46] \S+$/.test(value)) malformed(number, 'malformed origin', 'o=user id version IN IP4 address');
      return;
    case 'c':
      if (addressOf(value) === null) malformed(number, 'malformed connection data', 'c=IN IP4 address');
      return;
    case 't':
      if (!/^\d+ \d+$/.test(value)) malformed(number, 'malformed timing', 't=0 0');
      return;
    case 'm': {
      const match = /^(\S+) (\d{1,5})(?:\/\d+)? (\S+)(?: \S+)+$/.exec(value);
      if (match === null || Number(match[2]) > 65535 || !TOKEN.test(match[1] ?? ''))
        malformed(number, 'malformed media description', 'm=kind port protocol formats');
      return;
    }
    case 'a': {
      const [name = ''] = value.split(':', 1);
      if (!TOKEN.test(name)) malformed(number, 'malformed attribute', 'a=name, or a=name:value');
      checkAttribute(name, value.slice(name.length + 1), number);
      return;
    }
    default:
      return;
  }
}

/** Attributes that are read. Those that are not known are anybody's. */
function checkAttribute(name: string, value: string, number: number): void {
  switch (name) {
    case 'candidate': {
      const candidate = parseCandidate(value);
      if (isRejected(candidate) && candidate.malformed) malformed(number, `malformed candidate: ${candidate.why}`, 'RFC 8839 section 5.1');
      return;
    }
    case 'crypto':
      if (!/^\d{1,9} \S+ inline:[A-Za-z0-9+/]/.test(value)) malformed(number, 'malformed crypto attribute', 'a=crypto:tag suite inline:key (RFC 4568)');
      return;
    case 'ice-ufrag':
      if (!/^[A-Za-z0-9+/]{4,256}$/.test(value)) malformed(number, 'ice-ufrag has 4 to 256 ice-chars');
      return;
    case 'ice-pwd':
      if (!/^[A-Za-z0-9+/]{22,256}$/.test(value)) malformed(number, 'ice-pwd has 22 to 256 ice-chars');
      return;
    case 'rtpmap':
      if (!/^\d{1,3} [^\s/]+(?:\/\d{1,9}(?:\/\S+)?)?$/.test(value)) malformed(number, 'malformed rtpmap', 'a=rtpmap:type name/rate');
      return;
    case 'rtcp':
      if (rtcpOf(value, '') === null) malformed(number, 'malformed rtcp attribute', 'a=rtcp:port, or a=rtcp:port IN IP4 address (RFC 3605)');
      return;
    case 'ptime':
      if (!/^\d{1,6}(?:\.\d{1,6})?$/.test(value) || Number(value) === 0) malformed(number, 'malformed ptime', 'milliseconds');
      return;
    case 'extmap':
      if (!/^\d{1,4}(?:\/\S+)? \S/.test(value)) malformed(number, 'malformed extmap', 'a=extmap:id uri (RFC 8285)');
      return;
    case 'mid':
      if (!TOKEN.test(value)) malformed(number, 'malformed mid', 'a=mid:token (RFC 5888)');
      return;
    case 'remote-candidates':
      if (remoteCandidatesOf(value) === null) malformed(number, 'malformed remote-candidates', 'component, address and port for each component');
      return;
    default:
      return;
  }
}

/** The one line of its type. */
function only(session: readonly Line[], type: string, name: string): Line {
  const [first, second] = session.filter((line) => line.type === type);
  if (second !== undefined) malformed(second.number, `a second ${name}`);
  return first ?? malformed(session.length, `no ${name}`, `a line ${type}=`);
}

/** The address of `IN IP4 address`, TTL and number of a multicast one aside; null when it is malformed. */
function addressOf(value: string): string | null {
  const match = /^IN IP([46]) ([^\s/]+)(?:\/\d+){0,2}$/.exec(value);
  const [, family, address = ''] = match ?? [];
  if (match === null) return null;
  const numeric = family === '4' ? parseIpv4(address) : parseIpv6(address);
  return numeric !== undefined || HOST_NAME.test(address) ? address : null;
}

/** RFC 3605 section 2.1. */
function rtcpOf(value: string, own: string): { readonly address: string; readonly port: number } | null {
  const match = /^(\d{1,5})(?: (IN .*))?$/.exec(value);
  const address = match?.[2] === undefined ? own : addressOf(match[2]);
  return match === null || address === null || Number(match[1]) > 65535 ? null : { address, port: Number(match[1]) };
}

/** RFC 8839 section 5.2. */
function remoteCandidatesOf(value: string): RemoteCandidate[] | null {
  const words = value.split(' ').filter((word) => word !== '');
  const found: RemoteCandidate[] = [];
  for (let i = 0; i < words.length; i += 3) {
    const [component = '', address = '', port = ''] = words.slice(i, i + 3);
    if (!/^\d{1,3}$/.test(component) || parseAddress(address) === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65535) return null;
    found.push({ component: Number(component), address, port: Number(port) });
  }
  return found.length === 0 ? null : found;
}

interface Attributes {
  all(name: string): readonly { readonly value: string; readonly number: number }[];
  /** The first of that name. */
  value(name: string): string | undefined;
  flag(name: string): boolean;
  direction(): Direction | undefined;
}

function attributesOf(lines: readonly Line[]): Attributes {
  const found = new Map<string, { readonly value: string; readonly number: number }[]>();
  let way: Direction | undefined;
  for (const { type, value, number } of lines) {
    if (type !== 'a') continue;
    const [name = ''] = value.split(':', 1);
    const entry = { value: value.slice(name.length + 1), number };
    const same = found.get(name);
    if (same === undefined) found.set(name, [entry]);
    else same.push(entry);
    way = DIRECTIONS.find((direction) => direction === value) ?? way;
  }
  return {
    all: (name) => found.get(name) ?? [],
    value: (name) => found.get(name)?.[0]?.value,
    flag: (name) => found.has(name),
    direction: () => way,
  };
}

function originOf({ value }: Line): SdpSession['origin'] {
  const [username = '', sessionId = '', version = '', , , address = ''] = value.split(' ');
  return { username, sessionId, version: Number(version), address };
}

/** @param lines its own, from the m-line on */
function mediaOf(lines: readonly Line[], session: readonly Line[], common: Attributes): SdpMedia {
  const [first] = lines;
  const { number, value } = first ?? malformed(0, 'no m-line');
  const [kind = '', portWord = '', protocol = '', ...formats] = value.split(' ');
  const port = Number.parseInt(portWord, 10);
  const connection = lines.find((line) => line.type === 'c') ?? session.find((line) => line.type === 'c');
  const address = connection === undefined ? null : addressOf(connection.value);
  if (address === null && port !== 0) malformed(number, 'no connection data, neither here nor for the session');
  const own = attributesOf(lines);
  const one = (name: string): string | undefined => own.value(name) ?? common.value(name);
  const [ufrag, password] = [one('ice-ufrag'), one('ice-pwd')];
  if ((ufrag === undefined) !== (password === undefined)) malformed(number, 'ice-ufrag and ice-pwd go together');
  const codecs = codecsOf(protocol, formats, own, number);
  const [ptime, label, mid, remote] = [own.value('ptime'), own.value('label'), own.value('mid'), own.value('remote-candidates')];
  const rtcp = rtcpOf(own.value('rtcp') ?? '', address ?? '0.0.0.0');
  const extensions = own.all('extmap').map((e) => ({ id: Number.parseInt(e.value, 10), uri: e.value.split(' ')[1] ?? '' }));
  return {
    kind,
    port,
    protocol,
    address: address ?? '0.0.0.0',
    codecs,
    ...(formats.join(' ') !== codecs.map((c) => c.payloadType).join(' ') && { formats }),
    direction: own.direction() ?? common.direction() ?? 'sendrecv',
    ...(rtcp !== null && { rtcp }),
    rtcpMux: own.flag('rtcp-mux'),
    ...(ptime !== undefined && { ptime: Number(ptime) }),
    ice: ufrag === undefined || password === undefined ? null : { ufrag, password },
    candidates: own.all('candidate').flatMap((c) => {
      const candidate = parseCandidate(c.value);
      return isRejected(candidate) ? [] : [candidate];
    }),
    remoteCandidates: (remote === undefined ? null : remoteCandidatesOf(remote)) ?? [],
    cryptos: own.all('crypto').flatMap((c) => parseCrypto(c.value) ?? []),
    ...(label !== undefined && { label }),
    ...(mid !== undefined && { mid }),
    ...(own.flag('bundle-only') && { bundleOnly: true }),
    ...(extensions.length > 0 && { extensions }),
  };
}

/** The formats that are payload types with a known meaning. */
function codecsOf(protocol: string, formats: readonly string[], own: Attributes, number: number): SdpCodec[] {
  const [maps, parameters] = [own.all('rtpmap'), own.all('fmtp')].map((all) => {
    const byFormat = new Map<string, string>();
    for (const { value } of all) {
      const [format = ''] = value.split(' ', 1);
      if (!byFormat.has(format)) byFormat.set(format, value.slice(format.length + 1));
    }
    return byFormat;
  });
  return formats.flatMap((format): SdpCodec[] => {
    if (!/^\d{1,9}$/.test(format)) return [];
    const payloadType = Number(format);
    if (payloadType > 127 && protocol.includes('RTP')) malformed(number, `payload type ${payloadType} is above 127`);
    const known = STATIC_CODECS.find((c) => c.payloadType === payloadType);
    const [name = known?.name, rate] = maps?.get(format)?.split('/') ?? [];
    if (name === undefined) return [];
    const fmtp = parameters?.get(format);
    return [{ payloadType, name, clockRate: rate === undefined ? (known?.clockRate ?? 8000) : Number(rate), ...(fmtp !== undefined && { fmtp }) }];
  });
}
