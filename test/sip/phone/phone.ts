import { LabError } from '../../../src/base/error.js';
import { millis, seconds } from '../../../src/base/time.js';
import type { Host } from '../../../src/host/host.js';
import { tlsConnect } from '../../../src/host/tls.js';
import type { Json, RoleContext, RoleServer } from '../../../src/roles/role.js';
import { SipClient, type SipEvent } from '../../../src/roles/sip/sip-client.js';

interface Argument {
  readonly host: string;
  readonly port: number;
  readonly to: string;
  readonly text: string;
  readonly method: string;
}

const utf8 = new TextEncoder();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const sdp = (what: string) => ({ type: 'application/sdp', bytes: utf8.encode(`v=0 ${what}\r\n`) });

export function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const user = context.plan.users.find((u) => u.node === host.name);
  if (user === undefined) throw new LabError('ROLE_COMMAND', 'nobody sits here');
  const sip = new SipClient(
    host,
    {
      aor: `sip:${user.address}`,
      displayName: user.name,
      credentials: { username: user.address.split('@')[0] ?? '', password: user.password },
      outbound: null,
    },
    (event) => {
      seen(event);
    },
  );
  let current = 0;

  function seen(event: SipEvent): void {
    if (event.kind === 'incoming') {
      current = event.call;
      sip.progress(event.call, 180);
      host.after(millis(500), () => {
        sip.answer(event.call, sdp('answer'));
      });
    }
    if (event.kind === 'offered') sip.answerOffer(event.call, 200, sdp('answer'));
    const body = 'content' in event ? text(event.content?.bytes) : '';
    context.emit(event.kind, { body, ...('status' in event && { status: event.status }), ...('why' in event && { why: event.why }) });
  }

  const commands: Record<string, (argument: Argument) => Promise<Json>> = {
    register: async ({ host: name, port }) => {
      const { expires, registrar } = await sip.register(600, { kind: 'target', host: name, port });
      return { expires, at: registrar.kind === 'target' ? `${registrar.host}:${String(registrar.port)}` : '' };
    },
    unregister: async () => {
      await sip.unregister();
      return null;
    },
    call: async ({ to }) => {
      const { id, outcome } = sip.call(to, sdp('offer'));
      current = id;
      const result = await outcome;
      if (result.kind === 'refused') return { status: result.status, reason: result.reason, error: result.error?.code ?? null };
      return { kind: result.kind, body: result.kind === 'answered' ? text(result.content?.bytes) : '' };
    },
    bye: () => {
      sip.bye(current);
      return Promise.resolve(null);
    },
    offer: async () => ({ status: (await sip.offer(current, 'INVITE', sdp('again'))).status }),
    message: async ({ to, text: words }) => ({ status: (await sip.request('MESSAGE', to, { type: 'text/plain', bytes: utf8.encode(words) })).status }),
    raw: async ({ host: name, port, text: octets }) => {
      const [found] = await host.resolve(name, 'A');
      const address = found?.type === 'A' ? found.address : '';
      const stream = await tlsConnect(host, { to: host.endpoint(address, port), serverName: name, timeout: seconds(5) });
      let got = '';
      let closed = false;
      stream.on('data', (chunk: Uint8Array) => (got += text(chunk)));
      stream.on('end', () => (closed = true));
      stream.write(utf8.encode(octets));
      await host.sleep(seconds(1));
      stream.destroy();
      return { got, closed };
    },
    request: async ({ method, to }) => ({ status: (await sip.request(method, to)).status }),
  };

  return Promise.resolve({
    call: (command, argument) => {
      const run = commands[command];
      if (run === undefined) throw new LabError('ROLE_COMMAND', `no command ${command}`);
      return run(argument as unknown as Argument);
    },
    stop: () => {
      sip.close();
      return Promise.resolve();
    },
  });
}
