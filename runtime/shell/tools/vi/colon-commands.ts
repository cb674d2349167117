import { compile, ExpressionError } from '../../regular-expression.ts';
import type { Editor } from './editor.ts';
import { bold } from './screen.ts';

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isGiven: boolean;
}

/** Where an address leads: a number, `.`, `$`, with `+2` behind it. */
function address(text: string, { buffer }: Editor): number {
  const [, base = '', sign = '+', by = '0'] = /^(\d+|[.$]?)(?:([-+])(\d*))?$/.exec(text.trim()) ?? [];
  const row = base === '$' ? buffer.lines.length : base === '' || base === '.' ? buffer.row + 1 : Number(base);
  return row + (sign === '-' ? -1 : 1) * (by === '' ? 1 : Number(by)) - 1;
}

function rangeOf(text: string, editor: Editor): Range {
  const { row, lines } = editor.buffer;
  if (text === '') return { from: row, to: row, isGiven: false };
  if (text === '%') return { from: 0, to: lines.length - 1, isGiven: true };
  const [first = '', second] = text.split(',');
  const clamp = (at: number): number => Math.max(0, Math.min(at, lines.length - 1));
  const from = clamp(address(first, editor));
  return { from, to: second === undefined ? from : Math.max(from, clamp(address(second, editor))), isGiven: true };
}

/** What was typed after a colon. */
export async function runColon(text: string, editor: Editor): Promise<void> {
  const [, where = '', command = '', mark = '', rest = ''] =
    /^:*\s*([%\d.$,+\-\s]*)([a-z]*|[=!])(!?)\s*(.*)$/i.exec(text) ?? [];
  const range = rangeOf(where.trim(), editor);
  const { buffer } = editor;
  const isForced = mark === '!';
  const argument = rest.trim();
  if (command === 's' || (/^s\W/.test(`${command}${mark}${rest}`) && command.length === 1)) {
    await substitute(`${mark}${rest}`, range, editor);
    return;
  }
  switch (command) {
    case '':
      if (range.isGiven) buffer.moveTo(range.to, 0);
      if (range.isGiven) buffer.col = buffer.firstOfLine();
      break;
    case '=':
      editor.message = String(range.to + 1);
      break;
    case 'q':
    case 'quit':
    case 'qa':
      editor.quit(isForced, command);
      break;
    case 'cq':
      editor.code = 1;
      editor.quit(true);
      break;
    case 'w':
    case 'write':
    case 'wa':
    case 'wq':
    case 'wqa':
    case 'x':
      writeOut({ command, argument, isForced, range }, editor);
      break;
    case 'e':
    case 'edit':
      await edit(argument, isForced, editor);
      break;
    case 'r':
    case 'read': {
      const added = await editor.read(argument === '' ? (editor.path ?? '') : argument);
      if (added === undefined) {
        editor.complain(`'${argument}' No such file or directory`);
        break;
      }
      buffer.remember();
      buffer.lines.splice(range.to + 1, 0, ...added.replace(/\n$/, '').split('\n'));
      buffer.moveTo(range.to + 1, 0);
      editor.message = `'${argument}' ${added.split('\n').length - 1}L, ${added.length}C`;
      break;
    }
    case 'd':
    case 'delete':
      buffer.remember();
      editor.register = buffer.cutLines(range.from, range.to - range.from + 1);
      break;
    case 'y':
    case 'yank':
      editor.register = `${buffer.lines.slice(range.from, range.to + 1).join('\n')}\n`;
      break;
    case 'f':
    case 'file':
      if (argument !== '') editor.path = argument;
      break;
    case 'set':
    case 'se':
      if (/^(nonu|nonumber)$/.test(argument)) editor.screen.isNumbered = false;
      else if (/^(nu|number)$/.test(argument)) editor.screen.isNumbered = true;
      editor.screen.forget();
      break;
    case 'help':
    case 'h':
    case 'features':
      editor.message = bold('i insert  Esc done  x dd delete  u undo  /find  :w write  :q quit');
      break;
    default:
      editor.complain(`'${text.replace(/^:/, '')}' is not implemented`);
  }
}

interface Writing {
  readonly command: string;
  readonly argument: string;
  readonly isForced: boolean;
  readonly range: Range;
}

function writeOut({ command, argument, isForced, range }: Writing, editor: Editor): void {
  const { buffer } = editor;
  const quits = command !== 'w' && command !== 'write' && command !== 'wa';
  if (command === 'x' && !buffer.isModified && argument === '') {
    editor.quit(true);
    return;
  }
  if (editor.isReadOnly && !isForced && argument === '') {
    editor.complain(`'${editor.path ?? ''}' is read only`);
    return;
  }
  const path = argument === '' ? editor.path : argument;
  const text = range.isGiven ? `${buffer.lines.slice(range.from, range.to + 1).join('\n')}\n` : buffer.text;
  if (editor.write(path, text) && quits) editor.quit(true);
}

async function edit(path: string, isForced: boolean, editor: Editor): Promise<void> {
  if (editor.buffer.isModified && !isForced) {
    editor.complain('No write since last change (:edit! overrides)');
    return;
  }
  if (path !== '') editor.path = path;
  editor.isReadOnly = false;
  await editor.load();
}

/** `:s/find/replace/g` on the lines of a range. */
async function substitute(text: string, { from, to }: Range, editor: Editor): Promise<void> {
  const mark = text[0] ?? '/';
  const [find = '', by = '', flags = ''] = partsOf(text.slice(1), mark);
  const { buffer } = editor;
  try {
    const expression = await compile(find, { isCaseless: flags.includes('i') });
    let [changes, lines] = [0, 0];
    buffer.remember();
    for (let row = from; row <= to; row++) {
      const line = buffer.lines[row] ?? '';
      let [out, at, count] = ['', 0, 0];
      for (let found = expression.exec(line, 0); found !== undefined; found = expression.exec(line, at)) {
        const { start, end, groups } = found;
        const next = by.replaceAll(/\\(.)|&/g, (whole, key?: string) =>
          whole === '&' ? (groups[0] ?? '') : /\d/.test(key ?? '') ? (groups[Number(key)] ?? '') : (key ?? ''),
        );
        out += line.slice(at, start) + next + (end === start ? (line[start] ?? '') : '');
        at = end === start ? end + 1 : end;
        count++;
        if (!flags.includes('g') || at > line.length) break;
      }
      if (count === 0) continue;
      buffer.lines[row] = out + line.slice(at);
      buffer.moveTo(row, 0);
      changes += count;
      lines++;
    }
    if (changes === 0) {
      buffer.undo();
      editor.complain('No match');
    } else if (changes > 1) editor.message = `${changes} substitutions on ${lines} lines`;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    editor.complain(`bad search pattern '${find}': ${error.message}`);
  }
}

/** At the mark, where no backslash is before it. */
function partsOf(text: string, mark: string): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\\' && at + 1 < text.length) {
      const next = text[++at] ?? '';
      parts[parts.length - 1] += next === mark ? next : char + next;
    } else if (char === mark) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}
