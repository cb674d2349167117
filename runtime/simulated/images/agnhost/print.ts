import type { ProgramContext } from '../../process.ts';
import type { CommandProgram } from './command.ts';

function wordsOf({ files }: ProgramContext, keyword: string): string {
  const lines = (files.read('/etc/resolv.conf') ?? '').split('\n');
  const line = lines.find((one) => one.startsWith(keyword)) ?? keyword;
  return line.split(' ').slice(1).join(',');
}

export const dnsSuffix: CommandProgram = (context) => {
  context.stdout.write(`${wordsOf(context, 'search')}\n`);
  return 0;
};

export const dnsServerList: CommandProgram = (context) => {
  context.stdout.write(`${wordsOf(context, 'nameserver')}\n`);
  return 0;
};

export const etcHosts: CommandProgram = ({ files, stdout }) => {
  stdout.write(`${files.read('/etc/hosts') ?? ''}\n`);
  return 0;
};

/** All words of the command line, the program's own among them. */
export const entrypointTester: CommandProgram = ({ args, stdout }) => {
  stdout.write(`[${args.join(' ')}]\n`);
  return 0;
};

export const effectiveUser: CommandProgram = ({ stdout, user }) => {
  stdout.write(`Effective uid: ${user.uid}\n`);
  return 0;
};
