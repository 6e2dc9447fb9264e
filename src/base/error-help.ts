/**
 * What each error code means and how the trouble is mended, for people. The reference `lab/docs/errors.md` is made from
 * this table; a code without an entry does not compile.
 * @module
 */
import { ERROR_CODES } from './error.js';
import type { ErrorCode } from './error.js';

export interface ErrorHelp {
  /** What happened, in a sentence. */
  readonly meaning: string;
  /** What to do about it. */
  readonly mend: string;
}

export const ERROR_HELP: Readonly<Record<ErrorCode, ErrorHelp>> = {
  CLI_USAGE: {
    meaning: 'An argument or an option cannot be used as it is.',
    mend: 'Compare with `callpath COMMAND --help`; the message says what was expected.',
  },
  FILE_NOT_FOUND: {
    meaning: 'There is no such file.',
    mend: 'Check the path. It is taken from the folder in which you are; a topology that a flow names, from the folder of the flow.',
  },
  FILE_UNREADABLE: {
    meaning: 'The file is there but cannot be read: a folder, no permission, or bytes that are no UTF-8 text.',
    mend: 'Check what the path points to, and who may read it.',
  },
  FILE_KIND: {
    meaning: 'The file is of another kind than the command takes: a topology where a flow is wanted, a capture where rules are.',
    mend: 'Name the file that is meant, or use the command that the message names.',
  },
  FILE_EXISTS: { meaning: 'The file to be written is there already and must not be replaced.', mend: 'Choose another name, or remove the file.' },
  YAML_SYNTAX: {
    meaning: 'The text is no YAML 1.2.',
    mend: 'Mend the place that the message names; often it is the indentation, a tab, or a quote that is not closed.',
  },
  TOPOLOGY_SCHEMA: {
    meaning: 'A key or a value of a topology file has another shape than the format asks for.',
    mend: 'Compare with the topology format; an editor that knows `topologies/lab.schema.json` shows it while you write.',
  },
  TOPOLOGY_UNKNOWN_KIND: { meaning: 'A node is of a kind that does not exist.', mend: 'Use one of the kinds that the message lists.' },
  TOPOLOGY_ENDPOINT: {
    meaning: 'An end of a link names a node that is not there, an interface that is used twice, or the link connects a node with itself.',
    mend: 'Write both ends as `NODE` or `NODE:INTERFACE`, each interface once.',
  },
  TOPOLOGY_ADDRESS: {
    meaning: 'An address or a prefix is malformed, used twice, outside its LAN, or none is left to give.',
    mend: 'Change the address, widen the prefix, or leave the address out: the plan then chooses one.',
  },
  TOPOLOGY_ROUTE: {
    meaning: 'A route leads to a destination or by a next hop that does not exist or cannot be reached from its node.',
    mend: 'Name a neighbour of the node as `via`, and a prefix, a LAN, a node or a named network as `to`.',
  },
  TOPOLOGY_BGP: {
    meaning:
      'A BGP speaker is told something that cannot be: a neighbour that is none, a session that is written at one end only, a policy that cannot be read, or policies by which the speakers never agree.',
    mend: 'Write every session at both of its ends, and compare with the keys of `bgp` in the topology format.',
  },
  TOPOLOGY_REFERENCE: {
    meaning: 'Something names a node, a domain or an organisation that is not there, or a node of the wrong kind.',
    mend: 'Use one of the names that the message lists.',
  },
  TOPOLOGY_DUPLICATE: { meaning: 'A name stands twice where it must be unique.', mend: 'Rename or remove one of the two.' },
  TOPOLOGY_IMPAIRMENT: {
    meaning: "The words for a link's delay, loss or rate cannot be read.",
    mend: 'Write them as for `tc netem`: `delay 20ms 5ms loss 1% rate 10mbit`.',
  },
  TOPOLOGY_ZONE: { meaning: 'A DNS zone or record is malformed or contradicts another.', mend: 'Mend the record that the message names (RFC 1034, RFC 2782).' },
  TOPOLOGY_SUBSTRATE: {
    meaning: 'A node is a program of somebody else, and the substrate that was chosen cannot run it.',
    mend: 'Choose the substrate that the message names: `--on netns` for processes, `--on docker` for containers.',
  },
  TOPOLOGY_OVERRIDE: {
    meaning:
      'A change that is to be made to a topology (`--with`, or `with` of an experiment) does not fit it: its target is not there, or takes no such value.',
    mend: 'Name a node and a key (`fw1.firewall`), a link (`link.er-primary`) or a path from `users`, `zones` or `topology`, and a value in YAML.',
  },
  TOPOLOGY_FIREWALL: {
    meaning: "A node's rules name an interface that the node does not have, or a connection tracking setting that Linux does not have.",
    mend: 'Use one of the names that the message lists.',
  },
  TOPOLOGY_DOUBTFUL: {
    meaning:
      'A warning of `callpath check`: the lab can be built so, but hardly is meant so (a node without links, routes that go round in a circle, a host that no route leads out of).',
    mend: 'Change it, or leave it if it is meant: only `callpath check --strict` refuses it.',
  },
  NFT_SYNTAX: {
    meaning: 'The text is no nftables: nft would stop there too.',
    mend: 'Mend the place that the message names; often a newline or a semicolon is missing before a closing brace.',
  },
  NFT_UNSUPPORTED: {
    meaning: 'Callpath does not support what nft does here: the construct is outside the documented subset (the guide on firewalls lists both).',
    mend: 'Write the rule with what is supported, or leave it out; nothing is passed over in silence.',
  },
  NFT_UNKNOWN: {
    meaning: 'A rule names a chain, a set, a counter, a limit, a variable or a constant that is not there at that point of the file.',
    mend: 'Use one of the names that the message lists; what a rule uses must stand in the same table, not in a later block.',
  },
  NFT_TYPE: {
    meaning: 'A value does not fit what it is compared with or stored in: a port where an address belongs, a number out of range, a set of another type.',
    mend: 'Write a value of the type that the message names.',
  },
  NFT_CONFLICT: {
    meaning:
      'Each thing is right by itself, but not together: protocols that exclude each other, overlapping elements, a chain that jumps in a circle, a translation in the wrong hook.',
    mend: 'Remove one of the two, or move the rule into a chain of the type and hook that the message names.',
  },
  NFT_FILE: {
    meaning: 'A rule file or an included one is not there, cannot be read, or includes itself.',
    mend: 'Paths are taken from the folder of the first rule file, as `nft -I` does.',
  },
  NFT_UNREACHABLE: {
    meaning: 'A warning of `callpath check`: no packet ever comes to this rule or chain.',
    mend: 'Move the rule above the one that ends its chain, jump to the chain, or remove it. Only `callpath check --strict` refuses it.',
  },
  IPTABLES_SYNTAX: { meaning: 'The text is not what iptables-save writes.', mend: 'Make it anew by `iptables-save` or `ip6tables-save`.' },
  IPTABLES_UNSUPPORTED: {
    meaning: 'A match or a target of iptables has no translation into the supported subset of nftables.',
    mend: 'Write that rule by hand, or leave it out of the file that is imported.',
  },
  FLOW_SCHEMA: {
    meaning: 'A key or a value of a flow file has another shape than the format asks for.',
    mend: 'Compare with a flow that comes with the product: `callpath flows` lists them.',
  },
  FLOW_UNKNOWN: {
    meaning: 'There is no flow of that id.',
    mend: '`callpath flows` lists the ids; a file of your own is given by its path, ending in `.flow.yaml`.',
  },
  FLOW_ACTOR: {
    meaning: 'A flow names an actor that it does not have, or an actor stands for a node that is no client with a user in the topology.',
    mend: 'Give the actor under `actors`, as the name of a client node at which a user sits.',
  },
  FLOW_STEP: {
    meaning: 'A step of a flow does not fit the topology, such as a change of a link that is not there.',
    mend: 'Name a link or a link group of the topology, and `up`, `down` or words of netem.',
  },
  FLOW_EXPECTATION: {
    meaning: 'An expectation of a flow cannot be judged on this topology, such as a site that no node stands at.',
    mend: 'Use the names of the topology.',
  },
  EXPERIMENT_SCHEMA: {
    meaning: 'A key or a value of an experiment file has another shape than the format asks for.',
    mend: 'Compare with an experiment that comes with the product: `callpath experiment --list` names them.',
  },
  EXPERIMENT_UNKNOWN: {
    meaning: 'There is no experiment of that id.',
    mend: '`callpath experiment --list` lists the ids; a file of your own is given by its path, ending in `.experiment.yaml`.',
  },
  BASELINE_INVALID: { meaning: 'The file is no baseline of paths.', mend: 'Make it anew: `callpath run --write-baseline FILE`.' },
  CAPTURE_FORMAT: {
    meaning: 'The file is no pcapng, or is damaged.',
    mend: 'Convert old pcap by `editcap -F pcapng OLD NEW`; a damaged file was read up to the damage.',
  },
  CAPTURE_TRUNCATED: {
    meaning: 'The capture ends in the middle of a block: whoever wrote it was cut off. All packets before were read.',
    mend: 'Run the flow again for a whole one.',
  },
  CAPTURE_NOT_OURS: {
    meaning:
      'The capture is a good pcapng, but not the ledger of a run: it lacks the capture points and packet ids. Single-point captures are no ledgers either.',
    mend: 'Give the ledger that `callpath run` left, `captures/FLOW.pcapng`. Other captures are for tshark and Wireshark.',
  },
  CAPTURE_POINT: { meaning: 'The capture has no such capture point or node.', mend: '`callpath extract CAPTURE` lists the points.' },
  FILTER_SYNTAX: { meaning: 'The display filter cannot be read.', mend: 'Mend it at the column that the message names; the language is that of Wireshark.' },
  FILTER_UNKNOWN_FIELD: {
    meaning: 'The display filter names a field that is not known here.',
    mend: "Use a field of the supported part of Wireshark's, or of the lab's own.",
  },
  FILTER_TYPE: {
    meaning: 'A field is compared with something of another type, or by an operator that its type does not have.',
    mend: "Write a value of the field's type, as the message says.",
  },
  OUTPUT_WRITE: {
    meaning: 'What the command says cannot be written to where it was sent, such as a file on a full disk.',
    mend: 'Free some space, or send the output elsewhere.',
  },
  CAPTURE_BUSY: {
    meaning: 'Another run writes that capture at this moment; two runs never share a file.',
    mend: 'Wait until the other run has ended, or give this one another folder (`--out`).',
  },
  CAPTURE_WRITE: {
    meaning:
      'A capture cannot be written, or could not be written to its end: no such folder, no permission, no space. What was written before is a readable file.',
    mend: 'Free some space or choose another folder with `--out`.',
  },
  LAB_STALLED: {
    meaning: 'Nothing is left to happen, yet the flow has not ended: somebody waits for what will never come.',
    mend: 'The message lists who waits for what; `callpath where` shows their last packets.',
  },
  LAB_TIME_LIMIT: {
    meaning: 'The flow has not ended by its limit of lab time.',
    mend: 'Raise `limit` in the flow file, or look at what the message says is waited for.',
  },
  LAB_INTERRUPTED: {
    meaning: 'Somebody ended the run (Ctrl-C, SIGTERM). What happened until then is in the capture.',
    mend: 'Run it again when you have the time.',
  },
  LAB_ROLE_FAILED: { meaning: "A node's role could not start, or ended by an error of its own.", mend: 'The message names the node and the reason.' },
  KERNEL_LIBRARY: {
    meaning: 'The kernel substrates need Linux and the library koffi, and one of them is missing.',
    mend: 'Install koffi on Linux, or use the simulator, which needs nothing but Node.',
  },
  KERNEL_PERMISSION: {
    meaning: 'The kernel does not let you make namespaces, TAP devices or settings.',
    mend: 'Do what the message says, so that a user namespace may; or run as root, or use the simulator.',
  },
  KERNEL_TOOL: { meaning: 'A system tool that the kernel substrates call is not installed.', mend: 'Install the package that the message names.' },
  KERNEL_REFUSED: {
    meaning: 'The kernel or one of its tools refused a setting that the plan asks for.',
    mend: 'The message quotes it; names of interfaces, for one, have at most 15 characters.',
  },
  NET_ADDRESS_IN_USE: { meaning: 'A socket is bound to that address and port already.', mend: 'Give one of the two another port.' },
  NET_ADDRESS_NOT_MINE: {
    meaning: 'A node binds or sends from an address that it does not have.',
    mend: 'Use an address of the node, as planned from the topology.',
  },
  NET_REFUSED: {
    meaning: 'A TCP connection was refused: nothing listens there, or a firewall rejects.',
    mend: 'Check that the server runs and its port is right; `callpath where` shows the answer.',
  },
  NET_TIMEOUT: { meaning: 'A TCP connection was not answered in time.', mend: '`callpath where` shows where the SYN was lost.' },
  NET_UNREACHABLE: { meaning: 'There is no way to the address: no route, or a router said so by ICMP.', mend: 'Check the routes of the nodes on the way.' },
  NET_RESET: { meaning: 'The other side reset the TCP connection.', mend: 'Look at what it received last: `callpath where`.' },
  NET_CLOSED: { meaning: 'The socket is closed.', mend: 'Look for what closed it, just before, in the capture.' },
  DNS_NXDOMAIN: {
    meaning: 'The name does not exist (RFC 1035, RCODE 3), or has no record of that type.',
    mend: "Add it to a zone that the node's resolver serves or reaches.",
  },
  DNS_TIMEOUT: { meaning: 'No DNS server answered in time.', mend: 'Check `resolvers` of the node and the way there.' },
  DNS_SERVFAIL: {
    meaning: 'The DNS server could not answer (RFC 1035, RCODE 2): mostly it cannot reach the server that it asks in turn.',
    mend: 'Check the resolvers of the DNS node itself.',
  },
  TLS_HANDSHAKE: {
    meaning: 'TLS could not be set up: a certificate, a name or a version does not fit.',
    mend: "Compare the name that the client asked for with the names of the server's certificate.",
  },
  HTTP_MALFORMED: {
    meaning: 'What came is no HTTP/1.1 (RFC 9112): a start line, a header field, a length or a chunk.',
    mend: 'The message says what the parser stumbled over. Check that both ends speak HTTP there, and not TLS or another protocol.',
  },
  SIP_MALFORMED: { meaning: 'A SIP message violates RFC 3261.', mend: 'The message says which header field and where.' },
  SIP_TIMEOUT: {
    meaning: 'A SIP transaction had no final answer in time (RFC 3261, timers B and F).',
    mend: '`callpath where` shows where the request or its answer was lost.',
  },
  SIP_REFUSED: {
    meaning: 'A SIP request was answered by a final response that is no success.',
    mend: 'Look at the status code: 401 and 407 a password, 403 the registrar, 404 the address, 480 nobody signed in.',
  },
  SIP_TRANSPORT: { meaning: 'The connection for a SIP message broke, or there is none.', mend: 'Look at the TCP connection to the front end in the capture.' },
  SDP_MALFORMED: { meaning: 'A session description violates RFC 8866, or lacks what the call needs.', mend: 'The message says which line.' },
  ICE_FAILED: {
    meaning: 'No candidate pair passed its connectivity checks (RFC 8445): no way for media was found.',
    mend: 'Filter by `stun`: the checks show which way is blocked, and where.',
  },
  MEDIA_FAILED: { meaning: 'Media could not be sent or understood.', mend: 'Compare the codecs and keys of offer and answer.' },
  ROLE_COMMAND: {
    meaning: 'A step asked a node for something that its role does not do, or not in its present state.',
    mend: 'Check that the actor is a client, and the order of the steps: sign in before a call, call before hanging up.',
  },
  DOCKER_UNREACHABLE: {
    meaning: 'No Docker daemon answers on this machine.',
    mend: 'Start it (`systemctl start docker`), and run as root or as a member of the group `docker`. A daemon on another machine does not serve: links are plugged in by process id.',
  },
  DOCKER_REFUSED: {
    meaning: 'The Docker daemon refused what the lab asked for, or a container ended before its time.',
    mend: 'The message quotes the daemon; `docker ps --filter label=callpath.lab` shows what is there.',
  },
  DOCKER_IMAGE: {
    meaning: 'The image that the nodes run from is not there, or holds another version of the code.',
    mend: 'Build it: `docker build -t callpath:local -f lab/images/Dockerfile .`, or without a registry `node lab/images/build-scratch.mjs`.',
  },
};

const AREAS = {
  input: {
    title: 'Bad input: exit code 2',
    text: 'Something that a person wrote must be mended. Every fault of a file is told at once, with `file:line:column`.',
  },
  lab: {
    title: 'The lab or its network: exit code 3',
    text: 'The run ended early, or could not be recorded. Inside a flow most of these are no failure of the lab: they are what a step met, and stand in the report beside the expectation that did not hold.',
  },
} as const;

/** The reference of all codes as Markdown; the heading of each is its anchor (`errors.md#flow_unknown`). */
export function errorReference(): string {
  const areas = (['input', 'lab'] as const).map((area) => {
    const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => ERROR_CODES[code] === area).sort();
    return [`## ${AREAS[area].title}`, AREAS[area].text, ...codes.map(entry)].join('\n\n');
  });
  const head = [
    '# Error codes',
    'Every message of callpath carries one of these codes. `callpath errors CODE` shows an entry. Made by `callpath errors`; do not edit.',
  ];
  return `${[...head, ...areas].join('\n\n')}\n`;
}

function entry(code: ErrorCode): string {
  const { meaning, mend } = ERROR_HELP[code];
  return `### ${code}\n\n${meaning}\n\n*Mend it:* ${mend}`;
}
