import { parseArgs } from 'node:util';
import { isProgramName, type ProgramName, programNames, UsageError } from './programs.ts';

export interface AttachOptions {
  /** As `--controllers` of kube-controller-manager, or `all`; undefined starts none. */
  readonly controllers: string | undefined;
  readonly scheduler: boolean;
  readonly kwokNodes: number;
}

export interface UpOptions extends AttachOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly apiserverFlags: readonly string[];
}

export type Command =
  | { readonly name: 'build'; readonly programs: readonly ProgramName[] }
  | { readonly name: 'up'; readonly runFolder: string | undefined; readonly options: UpOptions }
  | {
      readonly name: 'attach';
      readonly runFolder: string | undefined;
      readonly kubeconfig: string;
      readonly options: AttachOptions;
    }
  | { readonly name: 'down' | 'kubeconfig'; readonly runFolder: string | undefined };

export const usage = `node conformance/reference/main.ts COMMAND
  build [NAME...]      ${programNames.join(' ')} (all)
  up                   etcd and kube-apiserver on loopback; prints the kubeconfig's path
    --port P           (a free one)
    --controllers L    all, none, or a list as for kube-controller-manager (the two that publish
                       default ServiceAccounts and kube-root-ca.crt)
    --scheduler
    --kwok-nodes N     (0)
    -- FLAGS           of kube-apiserver
  attach               the same scheduler, controllers (none) and nodes, against any API server
    --kubeconfig F
  down                 ends what up and attach started
  kubeconfig           prints the path again
Each but build takes --run-folder D, for several at a time.`;

/** Without these no namespace has what pods, and the official suite, expect to find. */
const defaultControllers = 'serviceaccount-controller,root-ca-certificate-publisher-controller';

export function parseCommand(argv: readonly string[]): Command {
  const [name = '', ...rest] = argv;
  const end = rest.indexOf('--');
  const own = end === -1 ? rest : rest.slice(0, end);
  const further = end === -1 ? [] : rest.slice(end + 1);
  if (further.length > 0 && name !== 'up') throw new UsageError('only "up" passes flags on');
  if (name === 'build') return { name, programs: programsNamed(own) };
  if (name !== 'up' && name !== 'attach' && name !== 'down' && name !== 'kubeconfig') throw new UsageError(usage);
  const values = parse(own, flagsOf[name]);
  const runFolder = values['run-folder'];
  if (name === 'down' || name === 'kubeconfig') return { name, runFolder };
  const controllers = values.controllers ?? (name === 'up' ? defaultControllers : 'none');
  const options: AttachOptions = {
    controllers: controllers === 'none' || controllers === '' ? undefined : controllers,
    scheduler: values.scheduler ?? false,
    kwokNodes: natural('--kwok-nodes', values['kwok-nodes'] ?? '0'),
  };
  if (name === 'up') {
    return {
      name,
      runFolder,
      options: { ...options, port: natural('--port', values.port ?? '0'), apiserverFlags: further },
    };
  }
  if (values.kubeconfig === undefined) throw new UsageError('attach needs --kubeconfig FILE');
  if (options.controllers === undefined && !options.scheduler && options.kwokNodes === 0) {
    throw new UsageError('attach needs at least one of --scheduler, --controllers and --kwok-nodes');
  }
  return { name, runFolder, kubeconfig: values.kubeconfig, options };
}

const acting = ['run-folder', 'controllers', 'scheduler', 'kwok-nodes'];
const flagsOf = {
  up: [...acting, 'port'],
  attach: [...acting, 'kubeconfig'],
  down: ['run-folder'],
  kubeconfig: ['run-folder'],
} as const;

interface Values {
  readonly 'run-folder'?: string;
  readonly port?: string;
  readonly controllers?: string;
  readonly scheduler?: boolean;
  readonly 'kwok-nodes'?: string;
  readonly kubeconfig?: string;
}

function parse(args: readonly string[], allowed: readonly string[]): Values {
  // A bare `--controllers` means all of them.
  const complete = args.flatMap((arg, index) => {
    const next = args[index + 1];
    const isBare = arg === '--controllers' && (next === undefined || next.startsWith('--'));
    return isBare ? [arg, 'all'] : [arg];
  });
  // `*,-a` and `-a` are values, not flags.
  const joined = complete.flatMap((arg, index) => {
    if (complete[index - 1] === '--controllers') return [];
    return arg === '--controllers' ? [`${arg}=${complete[index + 1] ?? ''}`] : [arg];
  });
  const string = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: joined,
      options: {
        'run-folder': string,
        port: string,
        controllers: string,
        scheduler: { type: 'boolean' },
        'kwok-nodes': string,
        kubeconfig: string,
      },
    });
    const other = Object.keys(values).find((flag) => !allowed.includes(flag));
    if (other !== undefined) throw new UsageError(`--${other} is not for this command`);
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function programsNamed(names: readonly string[]): readonly ProgramName[] {
  if (names.length === 0) return programNames;
  return names.map((name) => {
    if (!isProgramName(name)) throw new UsageError(`no program ${name}: there are ${programNames.join(', ')}`);
    return name;
  });
}

function natural(flag: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`${flag}: not a number: ${text}`);
  return Number(text);
}
