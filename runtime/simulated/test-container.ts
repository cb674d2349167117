import type { Clock, Random } from '../../api/clock.ts';
import type { FileTree } from '../files/file-tree.ts';
import { MemoryTree } from '../files/memory-tree.ts';
import type { Container, Pod, StartedContainer } from '../kubelet/pod-runtime.ts';
import type { NetworkNamespace } from '../network/network.ts';
import { createProcessTable } from '../processes/process-table.ts';
import type { Log } from '../processes/program.ts';
import { toolPrograms } from '../shell/tool-programs.ts';
import { startContainer } from './container.ts';
import { containerFiles, containerLayer } from './container-files.ts';
import { credentialsOf } from './credentials.ts';
import { launchOf } from './programs.ts';
import { createUserland } from './userland.ts';

export interface TestContainer {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: NetworkNamespace;
  readonly container: Container;
  readonly pod?: Readonly<Pod>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Written before it starts. */
  readonly files?: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** A container as the simulated runtime starts it, without a pod and a kubelet around it. For tests. */
export function startTestContainer(setup: TestContainer): StartedContainer & { readonly files: FileTree } {
  const { clock, random, network, container, pod = {}, environment = {}, log } = setup;
  const now = (): number => clock.now();
  const userland = createUserland(now, toolPrograms());
  const { args, image } = launchOf(container);
  const content = userland.contentOf(image);
  const facts = { hostname: 'pod-a', node: 'node-0', pod, container, attempt: 0 };
  const table = createProcessTable();
  const devices = new MemoryTree({ base: userland.devices });
  const files = containerFiles(
    { container, mounts: [] },
    { layer: containerLayer(content, now), facts, table, now, devices },
  );
  for (const [path, text] of Object.entries(setup.files ?? {})) files.write(path, text, { mode: 0o755 });
  const started = startContainer({
    id: 'simulated://test',
    imageID: container.image ?? '',
    clock,
    random,
    facts,
    args,
    environment: new Map([...Object.entries(image.environment ?? {}), ...Object.entries(environment)]),
    user: credentialsOf(pod, container, files, image.user),
    cwd: container.workingDir || image.workingDir || '/',
    files,
    network,
    programs: content.programs,
    ...(content.unknownProgram === undefined ? {} : { unknownProgram: content.unknownProgram }),
    table,
    log,
  });
  return { ...started, files };
}
