import type { Editor } from './editor.ts';

/** Where a key leads. */
export interface Motion {
  readonly row: number;
  readonly col: number;
  /** Whole lines are meant. */
  readonly isLines?: boolean;
  /** The character there is meant, too. */
  readonly isInclusive?: boolean;
}

interface Means {
  readonly editor: Editor;
  next(): Promise<string | undefined>;
}

const opening = '([{';
const closing = ')]}';

/** Undefined: the key leads nowhere. */
export async function motionOf(key: string, given: number | undefined, means: Means): Promise<Motion | undefined> {
  const { buffer, screen } = means.editor;
  const { row, col, lines, line } = buffer;
  const count = given ?? 1;
  const toLine = (to: number): Motion => {
    const at = Math.max(0, Math.min(to, lines.length - 1));
    return { row: at, col: Math.max(0, (lines[at] ?? '').search(/\S/)), isLines: true };
  };
  const half = Math.max(1, Math.floor(screen.height / 2));
  const page = Math.max(1, screen.height - 2);
  switch (key) {
    case 'h':
    case 'left':
    case '\b':
    case '\u007f':
      return { row, col: Math.max(0, col - count) };
    case 'l':
    case 'right':
    case ' ':
      return { row, col: Math.min(line.length, col + count) };
    case 'j':
    case 'down':
    case '\u000e':
      return { row: Math.min(lines.length - 1, row + count), col, isLines: true };
    case 'k':
    case 'up':
    case '\u0010':
      return { row: Math.max(0, row - count), col, isLines: true };
    case '\r':
    case '\n':
    case '+':
      return toLine(row + count);
    case '-':
      return toLine(row - count);
    case '0':
    case 'home':
      return { row, col: 0 };
    case '^':
      return { row, col: buffer.firstOfLine() };
    case '$':
    case 'end':
      return { row, col: Math.max(0, line.length - 1), isInclusive: true };
    case '|':
      return { row, col: count - 1 };
    case 'w':
    case 'W':
    case 'b':
    case 'B':
    case 'e':
    case 'E':
      return word(key, count, means);
    case 'G':
      return toLine((given ?? lines.length) - 1);
    case 'g':
      return (await means.next()) === 'g' ? toLine((given ?? 1) - 1) : undefined;
    case 'H':
      return toLine(screen.top + count - 1);
    case 'M':
      return toLine(screen.top + half - 1);
    case 'L':
      return toLine(screen.top + screen.height - count);
    case '\u0006':
      return toLine(row + page);
    case '\u0002':
      return toLine(row - page);
    case '\u0004':
      return toLine(row + half);
    case '\u0015':
      return toLine(row - half);
    case 'f':
    case 'F':
    case 't':
    case 'T':
      return toChar(key, count, means);
    case '%':
      return partner(means);
    default:
      return undefined;
  }
}

function word(key: string, count: number, { editor: { buffer } }: Means): Motion {
  let [row, col] = [buffer.row, buffer.col];
  for (let turn = 0; turn < count; turn++) {
    const [nextRow, nextCol] = buffer.word(key, row, col);
    // At the end of the text `w` goes behind the last character.
    if (nextRow === row && nextCol === col && key.toLowerCase() === 'w') col = buffer.lines[row]?.length ?? 0;
    else [row, col] = [nextRow, nextCol];
  }
  const isLastWord =
    key.toLowerCase() === 'w' &&
    row === buffer.lines.length - 1 &&
    col === (buffer.lines[row]?.length ?? 0) - 1 &&
    !/\s/.test(buffer.lines[row]?.[col - 1] ?? ' ');
  return { row, col: isLastWord ? col + 1 : col, isInclusive: key.toLowerCase() === 'e' };
}

async function toChar(key: string, count: number, { editor: { buffer }, next }: Means): Promise<Motion | undefined> {
  const wanted = await next();
  if (wanted === undefined) return undefined;
  const { row, col, line } = buffer;
  const isForward = key === 'f' || key === 't';
  let at = col;
  for (let turn = 0; turn < count; turn++) {
    at = isForward ? line.indexOf(wanted, at + 1) : at === 0 ? -1 : line.lastIndexOf(wanted, at - 1);
    if (at < 0) return undefined;
  }
  const shift = key === 't' ? -1 : key === 'T' ? 1 : 0;
  return { row, col: at + shift, isInclusive: isForward };
}

/** The other bracket of a pair. */
function partner({ editor: { buffer } }: Means): Motion | undefined {
  // The next bracket of the line, if this is none.
  const from = buffer.line.slice(buffer.col).search(/[()[\]{}]/);
  if (from < 0) return undefined;
  const char = buffer.line[buffer.col + from] ?? '';
  const isOpening = opening.includes(char);
  const other = isOpening ? closing[opening.indexOf(char)] : opening[closing.indexOf(char)];
  const by = isOpening ? 1 : -1;
  let [row, col, depth] = [buffer.row, buffer.col + from, 0];
  while (row >= 0 && row < buffer.lines.length) {
    const here = buffer.lines[row]?.[col];
    if (here === char) depth++;
    else if (here === other && --depth === 0) return { row, col, isInclusive: true };
    col += by;
    if (here === undefined || col < 0) {
      row += by;
      col = by > 0 ? 0 : Math.max(0, (buffer.lines[row]?.length ?? 1) - 1);
    }
  }
  return undefined;
}
