import t from 'tap';
import { startServer } from '../clients/server.ts';
import { connectByKubeconfig } from '../tables-runner/connection.ts';
import { readRecorded } from './recorded.ts';
import { prepare, runAll } from './run.ts';

t.test(
  '10,000 random steps of three managers leave what they leave on kube-apiserver',
  { timeout: 900_000 },
  async (t) => {
    await using server = await startServer();
    using connection = connectByKubeconfig(server.kubeconfig);
    const recorded = readRecorded();
    await prepare(connection);
    const found = await runAll(connection, recorded);
    const wanted = recorded.digests.map((line) => line.split(','));
    t.equal(wanted.flat().length, 10_000);
    const differing = found.flatMap((digests, sequence) => {
      const step = digests.findIndex((digest, i) => digest !== wanted[sequence]?.[i]);
      return step < 0 ? [] : [`sequence ${sequence}, step ${step}`];
    });
    t.same(differing, [], 'see conformance/fuzz/main.ts compare');
  },
);
