/** Names without SIG, at their numbers on Linux. */
const names: readonly string[] = [
  'EXIT',
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'POLL',
  'PWR',
  'SYS',
];

/** As in `kill -l`, from 1 on. */
export const signalNames: readonly string[] = names.slice(1);

const harmless = new Set(['CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'WINCH']);

export function signalNumber(name: string): number {
  return Math.max(0, names.indexOf(name));
}

/** From a name with or without SIG, or a number; EXIT for 0. Undefined: no signal. */
export function signalName(text: string): string | undefined {
  if (/^\d+$/.test(text)) return names[Number(text) & 0x7f];
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (name === 'IO') return 'POLL';
  return names.includes(name) ? name : undefined;
}

/** Whether it ends a process that does nothing about it. */
export function isDeadly(name: string): boolean {
  return !harmless.has(name) && name !== 'EXIT';
}

/** What a shell says of a process that a signal ended. */
export const signalTexts: Readonly<Record<string, string>> = {
  HUP: 'Hangup',
  QUIT: 'Quit',
  ILL: 'Illegal instruction',
  TRAP: 'Trace/breakpoint trap',
  ABRT: 'Aborted',
  BUS: 'Bus error',
  FPE: 'Floating point exception',
  KILL: 'Killed',
  USR1: 'User defined signal 1',
  SEGV: 'Segmentation fault',
  USR2: 'User defined signal 2',
  ALRM: 'Alarm clock',
  TERM: 'Terminated',
};
