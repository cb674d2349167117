import { UsageError } from './options.ts';

const usage = `usage: kubefacade start [flags]

  start               serves the Kubernetes API; see the README for its flags
  controller-manager  runs the controllers against the API server of --kubeconfig
  scheduler           gives pods nodes on the API server of --kubeconfig
  kubelet             runs nodes whose pods are simulated on the API server of --kubeconfig
`;

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
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
  if (command === undefined || command === 'help' || command === '--help') {
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
