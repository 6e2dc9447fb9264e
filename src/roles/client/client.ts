/**
 * The client role: commands in, SIP and media out. Its parts do the work; here they are put together, and told what the
 * user agent says.
 * @module
 */
import type { Host } from '../../host/host.js';
import { serve } from '../commands.js';
import type { RoleContext, RoleServer } from '../role.js';
import type { SipEvent } from '../sip/sip-user-agent.js';
import { Account } from './account.js';
import { Calls } from './calls.js';
import { clientCommands } from './commands.js';
import { clientConfig } from './config.js';
import { stunServers } from './ice-servers.js';
import { messageReceived, sendMessage } from './messages.js';
import { SignIn } from './sign-in.js';

export function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const config = clientConfig.parse(context.node.config);
  const account = new Account(host, context, heard);
  const signIn = new SignIn(account);
  const calls = new Calls(account, config, stunServers(config, context.plan, host.addresses));

  function heard(event: SipEvent): void {
    switch (event.kind) {
      case 'transport-failed':
        host.event('transport-failed', { code: event.error.code, says: event.error.message });
        return;
      case 'redirected':
        signIn.redirected(event.to);
        return;
      case 'registration-lost':
        signIn.lost(event.refused);
        return;
      case 'incoming':
        void calls.incoming(event);
        return;
      case 'progressed':
        context.emit('progressed', { call: event.call, status: event.status });
        return;
      case 'offered':
        calls.offered(event);
        return;
      case 'confirmed':
        calls.confirmed(event);
        return;
      case 'ended':
        calls.ended(event);
        return;
      case 'request-received':
        messageReceived(account, event);
        return;
      case 'registered':
      case 'register-failed':
      case 'unregistered':
      case 'answered':
      case 'rejected':
      case 'offer-answered':
      case 'request-answered':
        // Outcomes of what was asked: whoever asked has them.
        return;
    }
  }

  return Promise.resolve({
    ...serve(host.name, clientCommands, {
      'sign-in': async () => {
        const { name, port, via } = await signIn.signIn();
        return { server: name, port, via };
      },
      'sign-out': () => done(signIn.signOut()),
      call: ({ to }) => calls.call(to),
      'hang-up': () => done(calls.hangUp()),
      mute: () => done(calls.mute(true)),
      unmute: () => done(calls.mute(false)),
      message: ({ to, text }) => sendMessage(account.sip, to, text),
      statistics: () => calls.statistics(),
    }),
    stop: () => {
      signIn.stop();
      calls.stop();
      account.close();
      return Promise.resolve();
    },
  });
}

async function done(work: Promise<void> | void): Promise<Record<string, never>> {
  await work;
  return {};
}
