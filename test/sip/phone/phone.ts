import { LabError } from '../../../src/base/error.js';
import { millis, seconds } from '../../../src/base/time.js';
import type { Host } from '../../../src/host/host.js';
import { tlsConnect } from '../../../src/host/tls.js';
import { serve } from '../../../src/roles/commands.js';
import type { RoleContext, RoleServer } from '../../../src/roles/role.js';
import { type Registered, type SipEvent, SipUserAgent } from '../../../src/roles/sip/sip-user-agent.js';
import { phoneCommands } from './kind.js';

const utf8 = new TextEncoder();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const sdp = (what: string) => ({ type: 'application/sdp', bytes: utf8.encode(`v=0 ${what}\r\n`) });

function refusal({ status, reason, error }: Registered & { kind: 'refused' }): LabError {
  return error ?? new LabError('SIP_REFUSED', `${status} ${reason}`);
}

export function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const user = context.plan.users.find((u) => u.node === host.name);
  if (user === undefined) throw new LabError('ROLE_COMMAND', 'nobody sits here');
  const sip = new SipUserAgent(
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
  let answers = true;

  function seen(event: SipEvent): void {
    if (event.kind === 'transport-failed') return;
    if (event.kind === 'incoming') {
      current = event.call;
      sip.progress(event.call, 180);
      if (answers)
        host.after(millis(500), () => {
          sip.answer(event.call, sdp('answer'));
        });
    }
    if (event.kind === 'offered') sip.answerOffer(event.call, 200, sdp('answer'));
    const body = 'content' in event ? text(event.content?.bytes) : '';
    context.emit(event.kind, { body, ...('status' in event && { status: event.status }), ...('why' in event && { why: event.why }) });
  }

  const commands = serve(host.name, phoneCommands, {
    listen: async ({ port }) => {
      for (const address of host.addresses) await sip.listen(address, port);
      return {};
    },
    register: async ({ host: name, port }) => {
      const result = await sip.register(600, { kind: 'target', host: name, port });
      if (result.kind === 'refused') throw refusal(result);
      const { expires, registrar } = result;
      return { expires, at: registrar.kind === 'target' ? `${registrar.host}:${String(registrar.port)}` : '' };
    },
    unregister: async () => {
      const result = await sip.unregister();
      if (result?.kind === 'refused') throw refusal(result);
      return {};
    },
    call: async ({ to }) => {
      const { id, outcome } = sip.call(to, sdp('offer'));
      current = id;
      const result = await outcome;
      if (result.kind === 'refused') return { kind: result.kind, status: result.status, reason: result.reason, error: result.error?.code ?? null };
      return result.kind === 'answered' ? { kind: result.kind, body: text(result.content?.bytes) } : { kind: result.kind };
    },
    'hang-up': async () => {
      await sip.hangUp(current);
      return {};
    },
    bye: () => {
      void sip.hangUp(current);
      return {};
    },
    offer: async () => ({ status: (await sip.offer(current, 'INVITE', sdp('again'))).status }),
    message: async ({ to, text: words }) => ({ status: (await sip.request('MESSAGE', to, { type: 'text/plain', bytes: utf8.encode(words) })).status }),
    'leave-ringing': () => {
      answers = false;
      return {};
    },
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
    'request-in-call': async ({ method }) => ({ status: (await sip.requestInCall(method, current)).status }),
  });

  return Promise.resolve({
    ...commands,
    stop: () => {
      sip.close();
      return Promise.resolve();
    },
  });
}
