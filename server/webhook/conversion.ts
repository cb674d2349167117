import type { Random } from '../../api/clock.ts';
import { goQuote } from '../../api/go-text.ts';
import type { KubeObject } from '../../api/object.ts';
import { jsonKind } from '../../api/patch/json-tree.ts';
import { StatusError } from '../../api/status.ts';
import { type Review, reviewOf } from './answer.ts';
import type { WebhookClient } from './client.ts';
import { checkConverted, withMetadataOf } from './converted-object.ts';
import type { WebhookTarget } from './target.ts';

/** `spec.conversion` of a definition whose strategy is Webhook. */
export interface ConversionConfig {
  readonly webhook?: {
    readonly clientConfig?: WebhookTarget;
    readonly conversionReviewVersions?: readonly string[];
  };
}

export interface ConversionDeps {
  client(): Promise<WebhookClient>;
  readonly random: Random;
}

/**
 * Objects of one kind in another version, in their order; those in that version already are returned as they are. Fails with a
 * StatusError in upstream's words.
 */
export type ConvertByWebhook = (
  conversion: ConversionConfig | undefined,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
) => Promise<KubeObject[]>;

const group = 'apiextensions.k8s.io';
const versions = ['v1', 'v1beta1'];
const timeoutSeconds = 30;
// A page of a list is converted at once.
const maxAnswerBytes = 256 * 1024 * 1024;

export function createConversionClient({ client, random }: ConversionDeps): ConvertByWebhook {
  return async (conversion, objects, desiredAPIVersion) => {
    const { clientConfig = {}, conversionReviewVersions = [] } = conversion?.webhook ?? {};
    const version = conversionReviewVersions.find((each) => versions.includes(each));
    if (version === undefined) throw failed('no supported conversion review versions');
    const given = objects.filter(({ apiVersion }) => apiVersion !== desiredAPIVersion);
    if (given.length === 0) return [...objects];
    const title = titleOf(objects);
    const uid = random.uuid();
    const review = await ask(await client(), { clientConfig, version, uid, given, desiredAPIVersion, title });
    const converted = objectsOf(review, { uid, version, title });
    if (converted.length !== given.length)
      throw failed(`${title} returned ${converted.length} objects, expected ${given.length}`);
    const single = objects.length === 1;
    const results = given.map((original, i) =>
      settle(original, converted[i], { desiredAPIVersion, title, index: i, single }),
    );
    return objects.map((object) =>
      object.apiVersion === desiredAPIVersion ? object : (results.shift() as KubeObject),
    );
  };
}

function failed(message: string): StatusError {
  return new StatusError('', message);
}

/** `conversion webhook for example.com/v1, Kind=Foo`. */
function titleOf(objects: readonly KubeObject[]): string {
  const { apiVersion = '', kind = '' } = objects[0] ?? {};
  return `conversion webhook for ${apiVersion}, Kind=${kind}${objects.length === 1 ? '' : 'List'}`;
}

interface Asking {
  readonly clientConfig: WebhookTarget;
  readonly version: string;
  readonly uid: string;
  readonly given: readonly KubeObject[];
  readonly desiredAPIVersion: string;
  readonly title: string;
}

async function ask(client: WebhookClient, asking: Asking): Promise<Review> {
  const { clientConfig, version, uid, given, desiredAPIVersion, title } = asking;
  const body = JSON.stringify({
    kind: 'ConversionReview',
    apiVersion: `${group}/${version}`,
    request: { uid, desiredAPIVersion, objects: given },
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  });
  try {
    const answer = await client.post(clientConfig, body, { timeoutSeconds, maxAnswerBytes });
    const review = reviewOf(answer, { group, version, kind: 'ConversionReview', versions });
    checkTypes(review);
    return review;
  } catch (error) {
    throw failed(`${title} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Response {
  readonly uid?: string;
  readonly convertedObjects?: readonly unknown[] | null;
  readonly result?: { readonly status?: string; readonly message?: string } | null;
}

function checkTypes({ response }: Review): void {
  const expect = (value: unknown, kind: string, field: string, type: string): void => {
    if (value === undefined || value === null || jsonKind(value) === kind) return;
    throw new Error(`json: cannot unmarshal ${jsonKind(value)} into Go struct field ${field} of type ${type}`);
  };
  expect(response, 'object', 'ConversionReview.response', 'v1.ConversionResponse');
  const { uid, convertedObjects, result } = (response ?? {}) as Response;
  expect(uid, 'string', 'ConversionResponse.response.uid', 'types.UID');
  expect(convertedObjects, 'array', 'ConversionResponse.response.convertedObjects', '[]runtime.RawExtension');
  expect(result, 'object', 'ConversionResponse.response.result', 'v1.Status');
}

function objectsOf(
  review: Review,
  { uid, version, title }: { readonly uid: string; readonly version: string; readonly title: string },
): readonly unknown[] {
  const response = (review['response'] ?? undefined) as Response | undefined;
  const problem = headProblem(review, version) ?? responseProblem(response, version === 'v1' ? uid : undefined);
  if (problem !== undefined) throw failed(`${title} failed: ${problem}`);
  return response?.convertedObjects ?? [];
}

function headProblem(review: Review, version: string): string | undefined {
  if (version !== 'v1') return undefined;
  const [apiVersion, kind] = [String(review['apiVersion'] ?? ''), String(review['kind'] ?? '')];
  if (apiVersion === `${group}/v1` && kind === 'ConversionReview') return undefined;
  const got = `${apiVersion === '' ? '/' : apiVersion}, Kind=${kind}`;
  return `expected webhook response of ${group}/v1, Kind=ConversionReview, got ${got}`;
}

function responseProblem(response: Response | undefined, uid: string | undefined): string | undefined {
  if (response === undefined) return 'no response provided';
  const { uid: given = '', result } = response;
  if (uid !== undefined && given !== uid) return `expected response.uid=${goQuote(uid)}, got ${goQuote(given)}`;
  const { status = '', message = '' } = result ?? {};
  if (status === 'Success') return undefined;
  return message === '' ? `response.result.status was '${status}', not 'Success'` : message;
}

interface Settling {
  readonly desiredAPIVersion: string;
  readonly title: string;
  readonly index: number;
  readonly single: boolean;
}

/** The converted object with the metadata of the original: only labels and annotations may have changed. */
function settle(original: KubeObject, value: unknown, settling: Settling): KubeObject {
  const { desiredAPIVersion, title, index, single } = settling;
  const problem = checkConverted(original, value, desiredAPIVersion);
  if (problem?.of === 'object') {
    // One object is no list: upstream says so a little differently.
    const place = single ? (problem.head ? ' object at index 0' : ' object') : ` converted object at index ${index}`;
    throw failed(`${title} returned invalid${place}: ${problem.why}`);
  }
  const result = withMetadataOf(original, value as KubeObject);
  if ('problem' in result)
    throw failed(
      `${title} returned invalid metadata${single ? '' : ` in object at index ${index}`}: ${result.problem}`,
    );
  return result.object;
}
