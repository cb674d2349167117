import { errorText } from '../../../files/errors.ts';
import { FileError } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import { mayUse } from '../../../processes/process-files.ts';
import { compile, ExpressionError } from '../../regular-expression.ts';
import type { ShellProcess } from '../../shell-process.ts';
import { bold, Screen } from './screen.ts';
import { TextBuffer } from './text-buffer.ts';

/** A file that is edited: what commands of all kinds work on. */
export class Editor {
  readonly process: ShellProcess;
  readonly screen: Screen;
  path: string | undefined;
  buffer = new TextBuffer('');
  mode: '-' | 'I' | 'R' = '-';
  message: string | undefined;
  isReadOnly = false;
  isOver = false;
  code = 0;
  /** What was deleted or yanked last; whole lines end with one. */
  register = '';
  #pattern = '';

  constructor(process: ShellProcess, path: string | undefined) {
    this.process = process;
    this.screen = new Screen(process);
    this.path = path;
  }

  complain(text: string): void {
    this.message = bold(text);
  }

  draw(): void {
    const { buffer, mode, isReadOnly } = this;
    const { row, lines, isModified } = buffer;
    const place = `${row + 1}/${lines.length} ${Math.floor(((row + 1) * 100) / lines.length)}%`;
    const flags = `${isReadOnly ? ' [Readonly]' : ''}${isModified ? ' [Modified]' : ''}`;
    this.screen.draw(buffer, this.message ?? `${mode} ${this.path ?? 'No file'}${flags} ${place}`);
    this.message = undefined;
  }

  /** What is not there begins empty. */
  async load(): Promise<void> {
    const { path } = this;
    this.buffer = new TextBuffer(path === undefined ? '' : ((await this.read(path)) ?? ''));
    if (path === undefined) return;
    const { files, cwd, user } = this.process;
    const stat = files.stat(resolvePath(cwd, path));
    this.isReadOnly ||= stat !== undefined && !mayUse(user, stat, 2);
  }

  async read(path: string): Promise<string | undefined> {
    try {
      const file = this.process.open(path, { read: true });
      try {
        if (file.channel.read === undefined) throw new FileError('EISDIR', path);
        return await file.reader.rest();
      } finally {
        file.release();
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.code !== 'ENOENT') this.complain(`'${path}' ${errorText(error.code)}`);
      return undefined;
    }
  }

  /** Whether it was written. */
  write(path = this.path, text = this.buffer.text): boolean {
    if (path === undefined) {
      this.complain('No current filename');
      return false;
    }
    try {
      const file = this.process.open(path, { write: true, create: true, truncate: true });
      file.channel.write?.(text);
      file.release();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.complain(`'${path}' ${errorText(error.code)}`);
      return false;
    }
    this.path ??= path;
    const lines = text.split('\n').length - 1;
    this.message = `'${path}' ${lines}L, ${text.length}C`;
    if (path === this.path && text === this.buffer.text) this.buffer.isModified = false;
    return true;
  }

  quit(isForced: boolean, command = 'q'): void {
    if (this.buffer.isModified && !isForced) this.complain(`No write since last change (:${command}! overrides)`);
    else this.isOver = true;
  }

  /** `/` and `?`; an empty pattern is the last one. */
  async search(pattern: string, isForward: boolean): Promise<void> {
    if (pattern !== '') this.#pattern = pattern;
    if (this.#pattern === '') {
      this.complain('No previous search');
      return;
    }
    const { buffer } = this;
    const places: (readonly [row: number, col: number])[] = [];
    try {
      const expression = await compile(this.#pattern);
      for (const [row, line] of buffer.lines.entries())
        for (let found = expression.exec(line, 0); found !== undefined; found = expression.exec(line, found.start + 1))
          places.push([row, found.start]);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.complain(`bad search pattern '${this.#pattern}': ${error.message}`);
      return;
    }
    const isAfter = ([row, col]: readonly [number, number]): boolean =>
      row > buffer.row || (row === buffer.row && col > buffer.col);
    const isBefore = ([row, col]: readonly [number, number]): boolean =>
      row < buffer.row || (row === buffer.row && col < buffer.col);
    const direct = isForward ? places.find(isAfter) : places.findLast(isBefore);
    const place = direct ?? (isForward ? places[0] : places.at(-1));
    if (place === undefined) this.complain('Pattern not found');
    else {
      buffer.moveTo(...place);
      if (direct === undefined)
        this.complain(`search hit ${isForward ? 'BOTTOM, continuing at TOP' : 'TOP, continuing at BOTTOM'}`);
    }
  }
}
