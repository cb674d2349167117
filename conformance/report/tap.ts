import { type CaseResult, isExpected } from '../runner/case.ts';

function escaped(text: string): string {
  return text.replace(/[\\#]/g, '\\$&').replaceAll('\n', ' ');
}

/** One result as a line of TAP 14, with what went wrong below it. A known gap is a TODO; an unexpected pass is not ok. */
export function tapLine(number: number, result: CaseResult): string {
  const { id, target, outcome, gap, messages, durationMs } = result;
  const name = `${number} - ${escaped(`${id} (${target})`)}`;
  if (outcome === 'skipped') return `ok ${name} # SKIP ${escaped(messages.join('; '))}\n`;
  if (outcome === 'failed' && gap !== undefined) return `not ok ${name} # TODO ${escaped(gap)}\n`;
  const ok = isExpected(result) ? 'ok' : 'not ok';
  const lines = outcome === 'passed' && gap !== undefined ? ['a known gap passes: take it off the list'] : messages;
  const time = ` # time=${durationMs.toFixed(0)}ms`;
  if (lines.length === 0) return `${ok} ${name}${time}\n`;
  const text = lines.map((line) => `    ${line}\n`).join('');
  return `${ok} ${name}${time}\n  ---\n  message: |\n${text}  ...\n`;
}
