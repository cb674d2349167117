import { ExpressionError } from '../../regular-expression.ts';
import type { ShellProgram } from '../../shell-process.ts';
import { unescaped } from '../../unescape.ts';
import { openInput } from '../input.ts';
import { parseOptions } from '../options.ts';
import { awkInput } from './input.ts';
import { parseAwk } from './parser.ts';
import { AwkRunner } from './runner.ts';
import { AwkError } from './syntax.ts';

const awk: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'F:v:f:e:', stopsAtWords: true }, process);
  if (options === undefined) return 1;
  const { stderr } = process;
  const operands = [...options.words];
  const sources = [...options.values('e')];
  for (const path of options.values('f')) {
    const input = openInput(process, 'awk', path);
    if (input === undefined) return 1;
    sources.push(await input.reader.rest());
    input.file?.release();
  }
  if (sources.length === 0) {
    const source = operands.shift();
    if (source === undefined) {
      stderr.write('BusyBox v1.37.0 multi-call binary.\n\nUsage: awk [OPTIONS] [AWK_PROGRAM] [FILE]...\n');
      return 1;
    }
    sources.push(source);
  }
  try {
    const input = awkInput(process, operands);
    const runner = new AwkRunner(parseAwk(sources.join('\n')), process, input);
    const separator = options.value('F');
    if (separator !== undefined) runner.globals.set('FS', separator === 't' ? '\t' : unescaped(separator).text);
    for (const given of options.values('v')) {
      const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(given) ?? [];
      if (name !== undefined) runner.assignText(name, unescaped(value).text);
    }
    runner.globals.set('ARGC', operands.length + 1);
    runner.globals.set(
      'ARGV',
      new Map(['awk', ...operands].map((operand, index) => [String(index), { text: operand }])),
    );
    const code = await runner.run();
    return code === 0 && input.hasFailed() ? 2 : code;
  } catch (error) {
    if (!(error instanceof AwkError) && !(error instanceof ExpressionError)) throw error;
    stderr.write(`awk: cmd. line:1: ${error.message}\n`);
    return 1;
  }
};

export const awkTools: Readonly<Record<string, ShellProgram>> = { awk, gawk: awk };
