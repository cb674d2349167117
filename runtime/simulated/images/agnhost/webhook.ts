import { sleep } from '../../../client/sleep.ts';
import { klog } from '../go-command.ts';
import { bodyOf, reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { Handling, Request, Response } from './admission-review.ts';
import type { CommandProgram } from './command.ts';
import {
  admitConfigMaps,
  admitCustomResource,
  admitDefinition,
  admitPods,
  denyAttachment,
} from './webhook-admission.ts';
import { addLabel, mutateData, mutatePods, mutatePodsSidecar } from './webhook-mutation.ts';

/** Undefined: no answer ever. */
type Handler = (request: Request, handling: Handling) => Response | undefined | Promise<Response | undefined>;

const delayMs = 5000;

const handlers: Readonly<Record<string, Handler>> = {
  '/always-allow-delay-5s': async (_request, { context }) => {
    await sleep(context.clock, delayMs, context.killed);
    return { allowed: true, status: { metadata: {}, message: 'this webhook allows all requests' } };
  },
  '/always-deny': () => ({ allowed: false, status: { metadata: {}, message: 'this webhook denies all requests' } }),
  '/add-label': addLabel,
  '/pods': admitPods,
  '/pods/attach': denyAttachment,
  '/mutating-pods': mutatePods,
  '/mutating-pods-sidecar': mutatePodsSidecar,
  '/configmaps': admitConfigMaps,
  '/mutating-configmaps': mutateData,
  '/custom-resource': admitCustomResource,
  '/mutating-custom-resource': mutateData,
  '/crd': admitDefinition,
};

/** Answers AdmissionReviews of v1 and v1beta1, by path. */
export const webhook: CommandProgram = (context, flags) => {
  const { files, network } = context;
  const log = klog(context, 'main.go:109');
  const [cert, key] = [files.read(flags.text('tls-cert-file')), files.read(flags.text('tls-private-key-file'))];
  if (cert === undefined || key === undefined) {
    log(
      `open ${flags.text(cert === undefined ? 'tls-cert-file' : 'tls-private-key-file')}: no such file or directory`,
      'F',
    );
    return 255;
  }
  const handling = { context, sidecarImage: flags.text('sidecar-image') };
  const service = serveHttp(
    network,
    flags.number('port'),
    async (call) => {
      const { request, url } = call;
      if (url.pathname === '/readyz') return reply(call, { body: 'ok' });
      const handler = handlers[url.pathname];
      if (handler === undefined) return reply(call, { status: 404, body: '404 page not found\n' });
      const type = request.headers['content-type'] ?? '';
      if (type !== 'application/json') {
        log(`contentType=${type}, expect application/json`, 'E');
        return reply(call, {});
      }
      const review = reviewOf(await bodyOf(request));
      if (typeof review === 'string') return reply(call, { status: 400, body: `${review}\n` });
      const response = await handler(review.request, handling);
      if (response === undefined) return undefined;
      return reply(call, { headers: { 'content-type': 'application/json' }, body: answerTo(review, response) });
    },
    { tls: { cert, key } },
  );
  return lifetimeOf(context, [service], (end) => end(goTerminated)).ended;
};

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: Request;
}

/** Or what is wrong with it. */
function reviewOf(body: string): Review | string {
  let review: Review;
  try {
    review = JSON.parse(body);
  } catch (error) {
    return `Request could not be decoded: ${error instanceof Error ? error.message : error}`;
  }
  const [group, version] = review.apiVersion.split('/');
  const isKnown =
    group === 'admission.k8s.io' && (version === 'v1' || version === 'v1beta1') && review.kind === 'AdmissionReview';
  return isKnown ? review : `Unsupported group version kind: ${group}/${version}, Kind=${review.kind}`;
}

function answerTo({ apiVersion, kind, request }: Review, { allowed, status, patch }: Response): string {
  const text = patch === undefined ? undefined : JSON.stringify(patch);
  const response = {
    uid: request.uid,
    allowed,
    ...(status === undefined ? {} : { status }),
    ...(text === undefined ? {} : { patch: Buffer.from(text).toString('base64'), patchType: 'JSONPatch' }),
  };
  return JSON.stringify({ kind, apiVersion, response });
}
