import type { Connection, Response } from '../tables-runner/connection.ts';

/** Sends JSON; what is not among `fine` is thrown with the server's words. */
export async function send(
  connection: Connection,
  method: string,
  path: string,
  body?: unknown,
  { type = 'application/json', fine = [200, 201] }: { readonly type?: string; readonly fine?: readonly number[] } = {},
): Promise<Response> {
  const answer = await connection.send({
    method,
    path,
    headers: body === undefined ? {} : { 'Content-Type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!fine.includes(answer.status))
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer;
}

const mergePatch = 'application/merge-patch+json';
export const namespace = 'soak';
export const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
export const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const core = `/api/v1/namespaces/${namespace}`;

/** How many Deployments are kept in motion. */
export const deploymentCount = 8;

function template(labels: object, more: object = {}): object {
  const container = { name: 'main', image: 'registry.k8s.io/pause:3.10', resources: { requests: { cpu: '1m' } } };
  return { metadata: { labels }, spec: { containers: [container], ...more } };
}

function deployment(index: number): object {
  const labels = { app: `web-${index}` };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `web-${index}` },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: template(labels) },
  };
}

/** What the cluster begins with: Deployments behind Services, a quota, a budget. */
export async function prepare(connection: Connection): Promise<void> {
  await send(connection, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await send(connection, 'POST', `${core}/resourcequotas`, {
    metadata: { name: 'all' },
    spec: { hard: { pods: '400', 'count/jobs.batch': '200' } },
  });
  for (let i = 0; i < deploymentCount; i++) {
    await send(connection, 'POST', deployments, deployment(i));
    const ports = [{ port: 80 }];
    await send(connection, 'POST', `${core}/services`, {
      metadata: { name: `web-${i}` },
      spec: { selector: { app: `web-${i}` }, ports },
    });
  }
}

/** One turn of churn: scales, rolls, runs a job, deletes a pod's worth of things. `turn` decides which, so that runs repeat themselves. */
export async function churn(connection: Connection, turn: number): Promise<void> {
  const name = `web-${turn % deploymentCount}`;
  const path = `${deployments}/${name}`;
  const patch = (body: unknown): Promise<Response> => send(connection, 'PATCH', path, body, { type: mergePatch });
  switch (turn % 5) {
    case 0:
      await patch({ spec: { replicas: 1 + ((turn * 7) % 9) } });
      return;
    case 1:
      await patch({ spec: { template: { metadata: { annotations: { turn: String(turn) } } } } });
      return;
    case 2:
      await send(connection, 'POST', jobs, {
        metadata: { name: `job-${turn}` },
        spec: {
          completions: 3,
          parallelism: 2,
          ttlSecondsAfterFinished: 20,
          template: template({ job: `job-${turn}` }, { restartPolicy: 'Never' }),
        },
      });
      return;
    case 3:
      await send(connection, 'DELETE', path);
      return;
    default:
      // Whichever was deleted last comes back, perhaps while its pods are still going.
      for (let i = 0; i < deploymentCount; i++)
        await send(connection, 'POST', deployments, deployment(i), { fine: [201, 409] });
  }
}
