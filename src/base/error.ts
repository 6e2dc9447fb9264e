/**
 * Trouble that people or the environment caused. Compared by `code`, never by text.
 * The network's trouble is a {@link DropReason} or a typed result; our own is an assertion.
 * @module
 */

/** A place in a file that a person wrote. Lines and columns start at 1. */
export interface SourceRef {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every code the product can show, with the area that decides the exit code (`input` 2, `lab` 3). */
export const ERROR_CODES = {
  CLI_USAGE: 'input',
  FILE_NOT_FOUND: 'input',
  FILE_UNREADABLE: 'input',
  FILE_KIND: 'input',
  FILE_EXISTS: 'input',
  YAML_SYNTAX: 'input',
  TOPOLOGY_SCHEMA: 'input',
  TOPOLOGY_UNKNOWN_KIND: 'input',
  TOPOLOGY_ENDPOINT: 'input',
  TOPOLOGY_ADDRESS: 'input',
  TOPOLOGY_ROUTE: 'input',
  TOPOLOGY_BGP: 'input',
  TOPOLOGY_REFERENCE: 'input',
  TOPOLOGY_DUPLICATE: 'input',
  TOPOLOGY_IMPAIRMENT: 'input',
  TOPOLOGY_ZONE: 'input',
  TOPOLOGY_SUBSTRATE: 'input',
  TOPOLOGY_OVERRIDE: 'input',
  TOPOLOGY_FIREWALL: 'input',
  TOPOLOGY_DOUBTFUL: 'input',
  NFT_SYNTAX: 'input',
  NFT_UNSUPPORTED: 'input',
  NFT_UNKNOWN: 'input',
  NFT_TYPE: 'input',
  NFT_CONFLICT: 'input',
  NFT_FILE: 'input',
  NFT_UNREACHABLE: 'input',
  IPTABLES_SYNTAX: 'input',
  IPTABLES_UNSUPPORTED: 'input',
  FLOW_SCHEMA: 'input',
  FLOW_UNKNOWN: 'input',
  FLOW_ACTOR: 'input',
  FLOW_STEP: 'input',
  FLOW_EXPECTATION: 'input',
  EXPERIMENT_SCHEMA: 'input',
  EXPERIMENT_UNKNOWN: 'input',
  BASELINE_INVALID: 'input',
  CAPTURE_FORMAT: 'input',
  CAPTURE_TRUNCATED: 'input',
  CAPTURE_NOT_OURS: 'input',
  CAPTURE_POINT: 'input',
  FILTER_SYNTAX: 'input',
  FILTER_UNKNOWN_FIELD: 'input',
  FILTER_TYPE: 'input',
  OUTPUT_WRITE: 'lab',
  CAPTURE_WRITE: 'lab',
  CAPTURE_BUSY: 'input',
  LAB_STALLED: 'lab',
  LAB_TIME_LIMIT: 'lab',
  LAB_INTERRUPTED: 'lab',
  LAB_ROLE_FAILED: 'lab',
  DOCKER_UNREACHABLE: 'lab',
  DOCKER_REFUSED: 'lab',
  DOCKER_IMAGE: 'lab',
  KERNEL_LIBRARY: 'lab',
  KERNEL_PERMISSION: 'lab',
  KERNEL_TOOL: 'lab',
  KERNEL_REFUSED: 'lab',
  NET_ADDRESS_IN_USE: 'lab',
  NET_ADDRESS_NOT_MINE: 'lab',
  NET_REFUSED: 'lab',
  NET_TIMEOUT: 'lab',
  NET_UNREACHABLE: 'lab',
  NET_RESET: 'lab',
  NET_CLOSED: 'lab',
  DNS_NXDOMAIN: 'lab',
  DNS_TIMEOUT: 'lab',
  DNS_SERVFAIL: 'lab',
  TLS_HANDSHAKE: 'lab',
  HTTP_MALFORMED: 'lab',
  SIP_MALFORMED: 'lab',
  SIP_TIMEOUT: 'lab',
  SIP_REFUSED: 'lab',
  SIP_TRANSPORT: 'lab',
  SDP_MALFORMED: 'lab',
  ICE_FAILED: 'lab',
  MEDIA_FAILED: 'lab',
  ROLE_COMMAND: 'lab',
} as const satisfies Record<string, 'input' | 'lab'>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface LabErrorDetails {
  readonly where?: SourceRef;
  /** What would have been right. */
  readonly expected?: string;
  /** How to mend it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

const MARK = Symbol.for('callpath.LabError');

export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: ErrorCode;
  readonly where?: SourceRef;
  readonly expected?: string;
  readonly hint?: string;

  constructor(code: ErrorCode, message: string, details: LabErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.where !== undefined) this.where = details.where;
    if (details.expected !== undefined) this.expected = details.expected;
    if (details.hint !== undefined) this.hint = details.hint;
    Object.defineProperty(this, MARK, { value: true });
  }

  /** True for a LabError of any copy of this module. */
  static is(value: unknown): value is LabError {
    return typeof value === 'object' && value !== null && MARK in value;
  }

  /** Exit code of the command line: 2 bad input, 3 the lab itself failed. */
  get exitCode(): 2 | 3 {
    return ERROR_CODES[this.code] === 'input' ? 2 : 3;
  }

  toJSON(): { code: ErrorCode; message: string; where?: SourceRef; expected?: string; hint?: string } {
    return {
      code: this.code,
      message: this.message,
      ...(this.where && { where: this.where }),
      ...(this.expected !== undefined && { expected: this.expected }),
      ...(this.hint !== undefined && { hint: this.hint }),
    };
  }

  static fromJSON(v: ReturnType<LabError['toJSON']>): LabError {
    return new LabError(v.code, v.message, v);
  }
}

/** The error as people read it: `file:line:column: CODE message`, then what was expected and how to mend it. */
export function formatLabError(e: LabError): string {
  const place = e.where ? `${e.where.file}:${e.where.line}:${e.where.column}: ` : '';
  const lines = [`${place}${e.code} ${e.message}`];
  if (e.expected !== undefined) lines.push(`  expected: ${e.expected}`);
  if (e.hint !== undefined) lines.push(`  mend it:  ${e.hint}`);
  return lines.join('\n');
}
