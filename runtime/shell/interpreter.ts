import type { OpenFile } from '../processes/open-file.ts';
import { Ended } from '../processes/program.ts';
import { builtins } from './builtins/catalog.ts';
import { testCondition } from './conditions.ts';
import { ExpansionError, Leave } from './control.ts';
import { Expander } from './expand.ts';
import { inForeground } from './jobs.ts';
import { Cursor } from './language/cursor.ts';
import { Parser } from './language/parser.ts';
import {
  type Command,
  type Item,
  type List,
  type Pipeline,
  type Redirection,
  ShellSyntaxError,
} from './language/syntax.ts';
import { runInBackground, runPiped } from './pipelines.ts';
import { RedirectionError, redirect } from './redirect.ts';
import type { Shell } from './shell.ts';
import { runSimple } from './simple-command.ts';
import { capture, processPath } from './substitution.ts';

const maxDepth = 400;

/** Runs what was read of a script. */
export class Interpreter {
  readonly shell: Shell;
  readonly expander: Expander;
  readonly builtins = builtins;

  constructor(shell: Shell) {
    this.shell = shell;
    this.expander = new Expander(shell, {
      capture: (script) => capture(this, script),
      processPath: (script, isInput) => processPath(this, script, isInput),
    });
  }

  /** The same for another shell. */
  readonly inside = (shell: Shell): Interpreter => new Interpreter(shell);

  /** A text in this very shell, line by line, as `eval` and scripts have it. */
  async source(text: string, firstLine = 1): Promise<number> {
    const parser = new Parser(new Cursor(text, this.shell.aliases, firstLine));
    for (let list = parser.line(); list !== undefined; list = parser.line()) await this.list(list);
    return this.shell.lastCode;
  }

  /** In a shell of its own: nothing leaves it but its code. */
  async contained(run: () => Promise<number>): Promise<number> {
    let code: number;
    try {
      code = await run();
    } catch (error) {
      code = this.codeOf(error);
    }
    return this.#atExit(code);
  }

  /** What an error that ends the script makes its code. */
  codeOf(error: unknown): number {
    if (error instanceof Leave)
      return error.what === 'exit' || error.what === 'return' ? error.value : this.shell.lastCode;
    if (error instanceof ExpansionError || error instanceof ShellSyntaxError) {
      this.shell.complain(error.message);
      return 2;
    }
    if (error instanceof RangeError) {
      // Nested deeper than we can follow: a real shell's stack would have ended, too.
      this.shell.context.stderr.write('Segmentation fault\n');
      return 139;
    }
    throw error;
  }

  async #atExit(code: number): Promise<number> {
    const { traps } = this.shell;
    const script = traps.get('EXIT');
    if (script === undefined || script === '') return code;
    traps.delete('EXIT');
    this.shell.lastCode = code;
    try {
      await this.source(script);
      return code;
    } catch (error) {
      return this.codeOf(error);
    }
  }

  async list(list: List): Promise<number> {
    const { shell } = this;
    for (let at = 0; at < list.length; at++) {
      if (shell.options.has('n') && !shell.isInteractive) return 0;
      const chain = [list[at] as Item];
      while (list[at + 1] !== undefined && list[at + 1]?.joined !== ';') chain.push(list[++at] as Item);
      if (chain.at(-1)?.isBackground === true) runInBackground(this, chain);
      else await this.#chain(chain);
      await this.heedSignals();
    }
    return shell.lastCode;
  }

  async #chain(chain: readonly Item[]): Promise<void> {
    const { shell } = this;
    for (const [index, { joined, pipeline }] of chain.entries()) {
      if ((joined === '&&' && shell.lastCode !== 0) || (joined === '||' && shell.lastCode === 0)) continue;
      const isLast = index === chain.length - 1;
      if (!isLast) shell.conditionDepth++;
      try {
        shell.lastCode = await this.#pipeline(pipeline);
      } finally {
        if (!isLast) shell.conditionDepth--;
      }
      if (isLast && shell.lastCode !== 0 && !pipeline.isNegated && isChecked(pipeline)) await this.#failed();
    }
  }

  /** What `set -e` and a trap for ERR do about a command that failed. */
  async #failed(): Promise<void> {
    const { shell } = this;
    if (shell.conditionDepth > 0) return;
    const trap = shell.traps.get('ERR');
    const code = shell.lastCode;
    if (trap !== undefined && trap !== '') {
      await this.source(trap);
      shell.lastCode = code;
    }
    if (shell.options.has('e')) throw new Leave('exit', code);
  }

  async #pipeline({ isNegated, isTimed, commands, text: commandText }: Pipeline): Promise<number> {
    this.shell.commandText = commandText;
    const { clock, stderr } = this.shell.context;
    const startedAt = clock.now();
    const [only] = commands;
    if (isNegated) this.shell.conditionDepth++;
    let code: number;
    try {
      code = commands.length === 1 && only !== undefined ? await this.command(only) : await this.#piped(commands);
    } finally {
      if (isNegated) this.shell.conditionDepth--;
    }
    if (commands.length === 1) this.#setStatus([code]);
    if (isTimed) {
      const seconds = (clock.now() - startedAt) / 1000;
      const text = `${Math.floor(seconds / 60)}m${this.shell.isBash ? '' : ' '}${(seconds % 60).toFixed(this.shell.isBash ? 3 : 2)}s`;
      const zero = this.shell.isBash ? '0m0.000s' : '0m 0.00s';
      stderr.write(`${this.shell.isBash ? '\n' : ''}real\t${text}\nuser\t${zero}\nsys\t${zero}\n`);
    }
    return isNegated ? Number(code === 0) : code;
  }

  /** PIPESTATUS of bash. */
  #setStatus(codes: readonly number[]): void {
    if (!this.shell.isBash) return;
    const array = new Map(codes.map((code, index) => [String(index), String(code)]));
    this.shell.variables.writable('PIPESTATUS').array = array;
  }

  async #piped(commands: readonly Command[]): Promise<number> {
    const codes = await runPiped(this, commands);
    this.#setStatus(codes);
    const last = codes.at(-1) ?? 0;
    return this.shell.options.has('pipefail') ? (codes.findLast((code) => code !== 0) ?? 0) : last;
  }

  /** The last of what a shell does: a program takes the shell's place. */
  async last(list: List): Promise<number> {
    const [item] = list;
    const command = item?.pipeline.commands[0];
    const isOne =
      list.length === 1 &&
      item?.pipeline.commands.length === 1 &&
      !item.isBackground &&
      !item.pipeline.isNegated &&
      !item.pipeline.isTimed;
    if (!isOne || command === undefined || this.shell.traps.size > 0) return this.list(list);
    // Who ends the shell ends what is inside.
    if (command.is === 'group' && command.isSubshell) {
      const { body } = command;
      return this.#redirected(command.redirections, () => this.last(body));
    }
    if (command.is !== 'simple') return this.list(list);
    await this.#breathe();
    this.shell.lastCode = await this.#redirected(command.redirections, () => runSimple(this, command, true));
    if (this.shell.lastCode !== 0) await this.#failed();
    return this.shell.lastCode;
  }

  async #breathe(): Promise<void> {
    const { context } = this.shell;
    const rest = context.budget.breathe();
    if (rest === undefined) return;
    await rest;
    if (context.killed.aborted) throw new Ended('ended');
  }

  async command(command: Command): Promise<number> {
    const { shell } = this;
    await this.#breathe();
    if (command.is === 'function') {
      shell.functions.set(command.name, command.body);
      return 0;
    }
    if (++shell.depth > maxDepth) {
      shell.depth = 0;
      throw new RangeError('too deep');
    }
    try {
      return await this.#redirected(command.redirections, () => this.#bare(command));
    } finally {
      shell.depth--;
    }
  }

  /** As a shell does it: between two commands. */
  async heedSignals(): Promise<void> {
    const { shell } = this;
    for (const signal of shell.pending) {
      shell.pending.delete(signal);
      const script = shell.traps.get(signal);
      if (script === undefined || script === '') continue;
      const code = shell.lastCode;
      await this.source(script);
      shell.lastCode = code;
    }
  }

  async #redirected(redirections: readonly Redirection[], run: () => Promise<number>): Promise<number> {
    if (redirections.length === 0) return run();
    const { shell } = this;
    const before: (readonly [number, OpenFile | undefined])[] = [];
    try {
      for (const one of redirections) before.push(...(await redirect(this, one)));
      return await run();
    } catch (error) {
      if (!(error instanceof RedirectionError)) throw error;
      shell.complain(error.message);
      return 1;
    } finally {
      const isKept = shell.keepsRedirections;
      shell.keepsRedirections = false;
      for (const [descriptor, file] of before.toReversed()) {
        if (isKept) {
          file?.release();
          continue;
        }
        if (shell.context.descriptors.size > 0 || file !== undefined) shell.install(descriptor, file)?.release();
      }
    }
  }

  async #bare(command: Exclude<Command, { is: 'function' }>): Promise<number> {
    const { shell, expander } = this;
    switch (command.is) {
      case 'simple':
        return runSimple(this, command);
      case 'group':
        return command.isSubshell ? this.#subshell(command.body) : this.#inner(command.body);
      case 'if': {
        for (const { condition, body } of command.branches)
          if ((await this.#condition(condition)) === 0) return this.#inner(body);
        return command.otherwise === undefined ? 0 : this.#inner(command.otherwise);
      }
      case 'loop':
        return this.#loop(
          async () => ((await this.#condition(command.condition)) === 0) !== command.until,
          command.body,
        );
      case 'for': {
        const words = command.words === undefined ? shell.parameters : await expander.fields(command.words);
        let at = 0;
        return this.#loop(async () => {
          if (at >= words.length) return false;
          shell.variables.set(command.name, words[at++] ?? '');
          return true;
        }, command.body);
      }
      case 'count': {
        await expander.number(command.start);
        let isFirst = true;
        return this.#loop(async () => {
          if (!isFirst) await expander.number(command.step);
          isFirst = false;
          return command.condition.length === 0 || (await expander.number(command.condition)) !== 0n;
        }, command.body);
      }
      case 'case':
        return this.#case(command);
      case 'arithmetic':
        return Number((await expander.number(command.expression)) === 0n);
      case 'condition':
        return Number(!(await testCondition(command.condition, this)));
    }
  }

  async #inner(list: List): Promise<number> {
    if (list.length === 0) this.shell.lastCode = 0;
    return this.list(list);
  }

  async #subshell(body: List): Promise<number> {
    const { shell } = this;
    const isMonitored = shell.options.has('m');
    const child = shell.fork(
      (inner) => new Interpreter(inner).contained(() => new Interpreter(inner).last(body)),
      isMonitored ? { group: 'new' } : {},
    );
    const [exit] = await inForeground(shell, [child], isMonitored ? child.pid : undefined);
    return exit?.code ?? 0;
  }

  async #case({ subject, branches }: Extract<Command, { is: 'case' }>): Promise<number> {
    const text = await this.expander.text(subject);
    let isFalling = false;
    let code = 0;
    for (const { patterns, body, end } of branches) {
      let isMatch = isFalling;
      for (const pattern of patterns) isMatch ||= (await this.expander.pattern(pattern)).test(text);
      if (!isMatch) continue;
      code = await this.#inner(body);
      if (end === ';;') return code;
      isFalling = end === ';&';
    }
    return code;
  }

  async #loop(goesOn: () => Promise<boolean>, body: List): Promise<number> {
    const { shell } = this;
    let code = 0;
    shell.loopDepth++;
    try {
      while (await this.#isToGoOn(goesOn)) {
        await this.#breathe();
        const { stops } = shell;
        const [isOver, value] = await this.#turn(body);
        code = value;
        if (isOver || (shell.isBash && shell.stops > stops)) break;
      }
    } finally {
      shell.loopDepth--;
    }
    return code;
  }

  /** `break` in the condition of a loop is its own. */
  async #isToGoOn(goesOn: () => Promise<boolean>): Promise<boolean> {
    try {
      return await goesOn();
    } catch (error) {
      if (!(error instanceof Leave) || (error.what !== 'break' && error.what !== 'continue')) throw error;
      if (error.value > 1) throw new Leave(error.what, error.value - 1);
      return error.what === 'continue' && this.#isToGoOn(goesOn);
    }
  }

  /** `set -e` does not count in conditions. */
  async #condition(list: List): Promise<number> {
    const { shell } = this;
    shell.conditionDepth++;
    try {
      return await this.list(list);
    } finally {
      shell.conditionDepth--;
    }
  }

  async #turn(body: List): Promise<readonly [isOver: boolean, code: number]> {
    try {
      return [false, await this.list(body)];
    } catch (error) {
      if (!(error instanceof Leave) || (error.what !== 'break' && error.what !== 'continue')) throw error;
      if (error.value > 1) throw new Leave(error.what, error.value - 1);
      return [error.what === 'break', 0];
    }
  }
}

/** Whether `set -e` looks at it: what is inside of the others was looked at already. */
function isChecked({ commands }: Pipeline): boolean {
  const [only] = commands;
  if (commands.length !== 1 || only === undefined) return true;
  return (
    only.is === 'simple' ||
    only.is === 'arithmetic' ||
    only.is === 'condition' ||
    (only.is === 'group' && only.isSubshell)
  );
}
