import { textOf } from '../../../files/byte-text.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { bodyOf, type HttpCall, reply, serveHttp } from '../http-service.ts';
import { tagOf } from '../image.ts';
import { killedByTerm, lifetimeOf } from '../lifetime.ts';

/** How many answers an app gives before it falls ill. */
const healthyAnswers = 5;

/** An app that answers with the name of its pod, as those of books and tutorials do. */
function hostnameApp(
  start: (context: ProgramContext) => {
    readonly greeting: string;
    answer(call: HttpCall, count: number): void | Promise<void>;
  },
  port = 8080,
): Program {
  return (context) => {
    const { greeting, answer } = start(context);
    if (greeting !== '') context.stdout.write(textOf(`${greeting}\n`));
    let count = 0;
    const service = serveHttp(context.network, port, (call) => answer(call, ++count));
    return lifetimeOf(context, [service], (end) => end(killedByTerm)).ended;
  };
}

const received = ({ stdout }: ProgramContext, { flow }: HttpCall): void =>
  stdout.write(`Received request from ::ffff:${flow.from.ip}\n`);

/** Versions differ in what they say; the third one breaks. */
export const kubia = hostnameApp((context) => {
  const { hostname, container } = context.facts;
  const version = /^v\d+$/.exec(tagOf(container.image ?? ''))?.[0];
  const text = version === undefined ? `You've hit ${hostname}\n` : `This is ${version} running in pod ${hostname}\n`;
  return {
    greeting: 'Kubia server starting...',
    answer: (call, count) => {
      received(context, call);
      if (version === 'v3' && count >= healthyAnswers)
        return reply(call, { status: 500, body: `Some internal error has occurred! This is pod ${hostname}\n` });
      return reply(call, { body: text });
    },
  };
});

export const unhealthy = hostnameApp((context) => ({
  greeting: 'Kubia server starting...',
  answer: (call, count) => {
    received(context, call);
    return count > healthyAnswers
      ? reply(call, { status: 500, body: "I'm not well. Please restart me!\n" })
      : reply(call, { body: `You've hit ${context.facts.hostname}\n` });
  },
}));

const petFile = '/var/data/kubia.txt';

/** Keeps what it is sent on its disk. */
export const kubiaPet = hostnameApp((context) => {
  const { files, facts } = context;
  return {
    greeting: '',
    answer: async (call) => {
      if (call.request.method === 'POST') {
        files.write(petFile, textOf(await bodyOf(call.request)));
        return reply(call, { body: `Data stored on pod ${facts.hostname}\n` });
      }
      const data = files.read(petFile) ?? 'No data posted yet';
      return reply(call, { body: `You've hit ${facts.hostname}\nData stored on this pod: ${data}\n` });
    },
  };
});

export const bootcamp = hostnameApp(({ clock, stdout, facts }) => {
  const version = /^v(\d+)$/.exec(tagOf(facts.container.image ?? ''))?.[1] ?? '1';
  return {
    greeting: `Kubernetes Bootcamp App Started At: ${new Date(clock.now()).toISOString()} | Running On:  ${facts.hostname} \n`,
    answer: (call) => {
      stdout.write(
        `Running On: ${facts.hostname} | Total Requests: 1 | Log Time: ${new Date(clock.now()).toISOString()}\n`,
      );
      reply(call, { body: `Hello Kubernetes bootcamp! | Running on: ${facts.hostname} | v=${version}\n` });
    },
  };
});

export const helloApp = hostnameApp((context) => {
  const { facts, stderr, clock } = context;
  const log = (text: string): void =>
    stderr.write(
      `${new Date(clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')} ${text}\n`,
    );
  const version = tagOf(facts.container.image ?? '').startsWith('2') ? '2.0.0' : '1.0.0';
  log('Server listening on port 8080');
  return {
    greeting: '',
    answer: (call) => {
      log(`Serving request: ${call.url.pathname}`);
      reply(call, { body: `Hello, world!\nVersion: ${version}\nHostname: ${facts.hostname}\n` });
    },
  };
});

export const nodeHello = hostnameApp(() => ({
  greeting: '',
  answer: (call) => reply(call, { body: 'Hello Kubernetes!' }),
}));

/** What a small load costs it, for autoscaling: a million square roots in PHP. */
const requestNanoseconds = 60_000_000;

export const hpaExample = hostnameApp(
  ({ budget }) => ({
    greeting: '',
    answer: (call) => {
      budget.spend(requestNanoseconds);
      reply(call, { headers: { server: 'Apache/2.4.10 (Debian)' }, body: 'OK!' });
    },
  }),
  80,
);
