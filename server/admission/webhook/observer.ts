interface WebhookName {
  readonly name: string;
  readonly type: 'admit' | 'validating';
}

interface WebhookCalled extends WebhookName {
  readonly operation: string;
  readonly rejected: boolean;
  readonly code: number;
  readonly seconds: number;
}

interface WebhookRejected extends WebhookName {
  readonly operation: string;
  readonly errorType: 'calling_webhook_error' | 'no_error' | 'apiserver_internal_error';
  readonly code: number;
}

/** Who counts what webhooks do. */
export interface WebhookObserver {
  called(call: WebhookCalled): void;
  rejected(rejection: WebhookRejected): void;
  failedOpen(webhook: WebhookName): void;
}

export const unobserved: WebhookObserver = {
  called: () => undefined,
  rejected: () => undefined,
  failedOpen: () => undefined,
};
