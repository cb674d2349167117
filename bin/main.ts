import { UsageError } from './options.ts';

const usage = `usage: kubefacade COMMAND [flags]

  start               serves a cluster: the API, controllers, scheduler and simulated nodes
  controller-manager  runs the controllers against the API server of --kubeconfig
  scheduler           gives pods nodes on the API server of --kubeconfig
  kubelet             runs nodes whose pods are simulated on the API server of --kubeconfig

\`kubefacade COMMAND --help\` lists the flags of a command.
`;

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  const asked =
    command === 'help' ? rest[0] : rest.some((arg) => arg === '--help' || arg === '-h') ? command : undefined;
  if (asked !== undefined) {
    const { helpOf } = await import('./help.ts');
    const text = helpOf(asked);
    if (text === undefined) throw new UsageError(`unknown command: ${asked}`);
    process.stdout.write(text);
    return;
  }
  if (command === 'start') {
    const { start } = await import('./start.ts');
    await start(rest);
    return;
  }
  if (command === 'controller-manager') {
    const { controllerManager } = await import('./controller-manager.ts');
    await controllerManager(rest);
    return;
  }
  if (command === 'scheduler') {
    const { scheduler } = await import('./scheduler.ts');
    await scheduler(rest);
    return;
  }
  if (command === 'kubelet') {
    const { kubelet } = await import('./kubelet.ts');
    await kubelet(rest);
    return;
  }
  if (command === 'warm') {
    const { warm } = await import('./warm.ts');
    await warm();
    return;
  }
  if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
    process.stdout.write(usage);
    return;
  }
  throw new UsageError(`unknown command: ${command}`);
}

// Until something is served there is nothing to finish: what is written is written whole at any moment.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`kubefacade: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
