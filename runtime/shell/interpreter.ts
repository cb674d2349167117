import { resolvePath } from '../files/path.ts';
import { builtins } from './builtins.ts';
import { Expander } from './expand.ts';
import { parseScript } from './parser.ts';
import { copyOf, Leave, type ShellProcess } from './shell-process.ts';
import { nothing, Pipe, readerOf, type Writer, writerOf } from './streams.ts';
import { type Command, type Item, type List, type Pipeline, type Redirection, ShellSyntaxError } from './syntax.ts';

/** A loop without end must let others work. */
const turnsBetweenBreaths = 64;
const notFoundCode = 127;

/** Runs a script's text as a process of its own; the exit code. */
export async function runScript(text: string, process: ShellProcess): Promise<number> {
  const shell = new Interpreter(process);
  let code: number;
  try {
    code = await shell.list(parseScript(text));
  } catch (error) {
    if (error instanceof Leave) code = error.what === 'exit' || error.what === 'return' ? error.value : 0;
    else if (error instanceof ShellSyntaxError) {
      process.stderr.write(`sh: ${error.message}\n`);
      code = 2;
    } else throw error;
  }
  return shell.atExit(code);
}

/** `sh` finds the commands that run other commands here. */
class Interpreter {
  readonly #process: ShellProcess;
  readonly #expander: Expander;
  #turns = 0;

  constructor(process: ShellProcess) {
    this.#process = process;
    this.#expander = new Expander(process, async (script, inside) => {
      let text = '';
      const stdout: Writer = writerOf((more) => {
        text += more;
      });
      inside.lastCode = await new Interpreter(copyOf(inside, { stdout })).#contained(script);
      return text;
    });
  }

  async atExit(code: number): Promise<number> {
    const { traps } = this.#process;
    const script = traps.get('EXIT');
    if (script === undefined) return code;
    traps.delete('EXIT');
    this.#process.lastCode = code;
    try {
      await this.list(parseScript(script));
      return code;
    } catch (error) {
      if (error instanceof Leave) return error.value;
      throw error;
    }
  }

  async list(list: List): Promise<number> {
    const { killed, options } = this.#process;
    let code = this.#process.lastCode;
    for (let i = 0; i < list.length; i++) {
      if (killed.aborted) throw new Leave('exit', 137);
      const chain = [list[i] as Item];
      while (list[i + 1] !== undefined && list[i + 1]?.joined !== ';') chain.push(list[++i] as Item);
      if (chain.at(-1)?.isBackground === true) {
        const job = chain.map((item) => ({ ...item, isBackground: false }));
        this.#process.jobs.push(new Interpreter(copyOf(this.#process)).#contained(job));
        code = 0;
      } else code = await this.#chain(chain);
      this.#process.lastCode = code;
      if (code !== 0 && options.has('e') && chain.length === 1 && chain[0]?.pipeline.isNegated !== true)
        throw new Leave('exit', code);
    }
    return code;
  }

  async #chain(chain: readonly Item[]): Promise<number> {
    let code = 0;
    for (const { joined, pipeline } of chain) {
      if ((joined === '&&' && code !== 0) || (joined === '||' && code === 0)) continue;
      code = await this.#pipeline(pipeline);
      this.#process.lastCode = code;
    }
    return code;
  }

  async #contained(list: List): Promise<number> {
    try {
      return await this.list(list);
    } catch (error) {
      if (error instanceof Leave) return error.value;
      if (!(error instanceof ShellSyntaxError)) throw error;
      this.#process.stderr.write(`sh: ${error.message}\n`);
      return 2;
    }
  }

  async #pipeline({ isNegated, commands }: Pipeline): Promise<number> {
    const [only] = commands;
    let code: number;
    if (commands.length === 1 && only !== undefined) code = await this.#command(only);
    else {
      const running: Promise<number>[] = [];
      let { stdin } = this.#process;
      for (const [index, command] of commands.entries()) {
        const isLast = index === commands.length - 1;
        const pipe = new Pipe();
        const inside = copyOf(this.#process, { stdin, ...(isLast ? {} : { stdout: pipe }) });
        const item: Item = { joined: ';', pipeline: { isNegated: false, commands: [command] }, isBackground: false };
        running.push(new Interpreter(inside).#contained([item]).finally(() => pipe.end()));
        stdin = pipe;
      }
      code = (await Promise.all(running)).at(-1) ?? 0;
    }
    return isNegated ? Number(code === 0) : code;
  }

  async #command(command: Command): Promise<number> {
    if (++this.#turns % turnsBetweenBreaths === 0)
      await new Promise<void>((resolve) => void this.#process.clock.after(0, resolve));
    if (this.#process.killed.aborted) throw new Leave('exit', 137);
    await this.#heedSignals();
    if (command.is === 'function') {
      this.#process.functions.set(command.name, command.body);
      return 0;
    }
    return this.#redirected(command.redirections, () => this.#bare(command));
  }

  /** As a shell does it: between two commands. */
  async #heedSignals(): Promise<void> {
    const { pending, traps } = this.#process;
    for (const signal of pending) {
      const script = traps.get(signal);
      if (script === undefined) continue;
      pending.delete(signal);
      await this.list(parseScript(script));
    }
  }

  async #redirected(redirections: readonly Redirection[], run: () => Promise<number>): Promise<number> {
    if (redirections.length === 0) return run();
    const process = this.#process;
    const { stdin, stdout, stderr } = process;
    try {
      for (const redirection of redirections) await this.#redirect(redirection);
      return await run();
    } catch (error) {
      if (!(error instanceof RedirectionError)) throw error;
      stderr.write(`sh: ${error.message}\n`);
      return 1;
    } finally {
      Object.assign(process, { stdin, stdout, stderr });
    }
  }

  async #redirect({ descriptor, operator, target }: Redirection): Promise<void> {
    const process = this.#process;
    const text = await this.#expander.text(target);
    if (operator === '<<') process.stdin = readerOf(text);
    else if (operator === '<') {
      const found = process.files.read(resolvePath(process.cwd, text));
      if (found === undefined && text !== '/dev/null') throw new RedirectionError(`can't open ${text}: no such file`);
      process.stdin = readerOf(found ?? '');
    } else if (operator === '>&' || operator === '<&') {
      const from = text === '2' ? process.stderr : process.stdout;
      if (descriptor === 2) process.stderr = from;
      else process.stdout = from;
    } else {
      const writer = this.#fileWriter(text, operator === '>>');
      if (descriptor === 2) process.stderr = writer;
      else process.stdout = writer;
    }
  }

  #fileWriter(target: string, isAppending: boolean): Writer {
    const { files, cwd, stdout, stderr } = this.#process;
    if (target === '/dev/null') return nothing;
    if (target === '/dev/stdout') return stdout;
    if (target === '/dev/stderr' || target === '/dev/termination-log-stderr') return stderr;
    const path = resolvePath(cwd, target);
    if (files.isDirectory(path)) throw new RedirectionError(`can't create ${target}: Is a directory`);
    if (!isAppending || files.read(path) === undefined) files.write(path, '');
    return writerOf((text) => files.write(path, (files.read(path) ?? '') + text));
  }

  async #bare(command: Exclude<Command, { is: 'function' }>): Promise<number> {
    switch (command.is) {
      case 'simple':
        return this.#simple(command);
      case 'group':
        return command.isSubshell
          ? new Interpreter(copyOf(this.#process)).#contained(command.body)
          : this.list(command.body);
      case 'if': {
        for (const { condition, body } of command.branches)
          if ((await this.#condition(condition)) === 0) return this.list(body);
        return command.otherwise === undefined ? 0 : this.list(command.otherwise);
      }
      case 'loop':
        return this.#loop(command);
      case 'for':
        return this.#for(command);
      case 'case': {
        const subject = await this.#expander.text(command.subject);
        for (const { patterns, body } of command.branches) {
          for (const pattern of patterns)
            if ((await this.#expander.pattern(pattern)).test(subject)) return this.list(body);
        }
        return 0;
      }
    }
  }

  async #loop({ condition, body, until }: Extract<Command, { is: 'loop' }>): Promise<number> {
    let code = 0;
    while (((await this.#condition(condition)) === 0) !== until) {
      const [isOver, value] = await this.#turn(body);
      code = value;
      if (isOver) break;
    }
    return code;
  }

  async #for({ name, words, body }: Extract<Command, { is: 'for' }>): Promise<number> {
    const { parameters, variables } = this.#process;
    let code = 0;
    for (const word of words === undefined ? parameters.slice(1) : await this.#expander.fields(words)) {
      variables.set(name, word);
      const [isOver, value] = await this.#turn(body);
      code = value;
      if (isOver) break;
    }
    return code;
  }

  /** `set -e` does not count in conditions. */
  async #condition(list: List): Promise<number> {
    const { options } = this.#process;
    const wasStrict = options.delete('e');
    try {
      return await this.list(list);
    } finally {
      if (wasStrict) options.add('e');
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

  async #simple({ assignments, words }: Extract<Command, { is: 'simple' }>): Promise<number> {
    const process = this.#process;
    const [name, ...args] = await this.#expander.fields(words);
    const values: (readonly [string, string])[] = [];
    for (const assignment of assignments) values.push([assignment.name, await this.#expander.text(assignment.value)]);
    if (name === undefined) {
      for (const [variable, value] of values) process.variables.set(variable, value);
      return words.length === 0 && assignments.some(({ value }) => value.some((part) => part.is === 'command'))
        ? process.lastCode
        : 0;
    }
    if (process.options.has('x')) process.stderr.write(`+ ${[name, ...args].join(' ')}\n`);
    const before = values.map(([variable]) => [variable, process.variables.get(variable)] as const);
    for (const [variable, value] of values) process.variables.set(variable, value);
    try {
      return await this.#perform(name, args);
    } finally {
      for (const [variable, value] of before) {
        if (value === undefined) process.variables.delete(variable);
        else process.variables.set(variable, value);
      }
    }
  }

  async #perform(name: string, args: readonly string[]): Promise<number> {
    const process = this.#process;
    const body = process.functions.get(name);
    if (body !== undefined) return this.#call(body, args);
    if (name === 'eval') return this.list(parseScript(args.join(' ')));
    if (name === 'exec' && args.length === 0) return 0;
    if (name === 'exec') throw new Leave('exit', await this.#perform(args[0] ?? '', args.slice(1)));
    if (name === '.' || name === 'source') {
      const text = process.files.read(resolvePath(process.cwd, args[0] ?? ''));
      return text === undefined ? 1 : this.list(parseScript(text));
    }
    const short = name.slice(name.lastIndexOf('/') + 1);
    if (short === 'sh' || short === 'bash' || short === 'ash') return this.#subshell(args);
    const program = builtins.get(short) ?? process.programs.get(short);
    if (program !== undefined) return program(args, process);
    const file = process.files.read(resolvePath(process.cwd, name));
    if (file !== undefined && name.includes('/'))
      return runScript(file, copyOf(process, { parameters: [name, ...args] }));
    process.stderr.write(`sh: ${name}: not found\n`);
    return notFoundCode;
  }

  async #call(body: Command, args: readonly string[]): Promise<number> {
    const process = this.#process;
    const { parameters } = process;
    process.parameters = [parameters[0] ?? 'sh', ...args];
    try {
      return await this.#command(body);
    } catch (error) {
      if (error instanceof Leave && error.what === 'return') return error.value;
      throw error;
    } finally {
      process.parameters = parameters;
    }
  }

  async #subshell(args: readonly string[]): Promise<number> {
    const process = this.#process;
    const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
    if (at >= 0) {
      const [text = '', ...parameters] = args.slice(at + 1);
      return runScript(text, copyOf(process, { parameters: parameters.length === 0 ? ['sh'] : parameters }));
    }
    const [file, ...rest] = args.filter((arg) => !arg.startsWith('-'));
    const text = file === undefined ? await process.stdin.rest() : process.files.read(resolvePath(process.cwd, file));
    if (text === undefined) {
      process.stderr.write(`sh: can't open '${file}': No such file or directory\n`);
      return notFoundCode;
    }
    return runScript(text, copyOf(process, { parameters: [file ?? 'sh', ...rest] }));
  }
}

class RedirectionError extends Error {}
