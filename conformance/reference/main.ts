import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { attach } from './attach.ts';
import { up } from './control-plane.ts';
import { type Command, parseCommand } from './options.ts';
import { AlreadyRunning, stopAll } from './processes.ts';
import { cacheFolder, ensurePrograms, ensureStages, programPath, UsageError } from './programs.ts';

async function perform(command: Command): Promise<void> {
  if (command.name === 'build') {
    await ensurePrograms(command.programs);
    if (command.programs.includes('kwok')) await ensureStages();
    for (const name of command.programs) console.log(programPath(name));
    return;
  }
  const runFolder = resolve(command.runFolder ?? join(cacheFolder(), 'run'));
  switch (command.name) {
    case 'up':
      try {
        console.log(await up(runFolder, command.options));
      } catch (error) {
        // Half a control plane is of no use; what ran before is not ours to end.
        if (!(error instanceof AlreadyRunning)) await stopAll(runFolder);
        throw error;
      }
      return;
    case 'attach':
      for (const { name, log } of await attach(runFolder, command.kubeconfig, command.options, [])) {
        console.log(`${name} runs, log ${log}`);
      }
      return;
    case 'down':
      for (const name of await stopAll(runFolder)) console.log(`ended ${name}`);
      return;
    case 'kubeconfig': {
      const path = join(runFolder, 'kubeconfig');
      if (!existsSync(path)) throw new UsageError('nothing runs: "up" comes first');
      console.log(path);
    }
  }
}

try {
  await perform(parseCommand(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
