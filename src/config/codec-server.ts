import { ConfigurationError } from '../errors.ts';
import type { SecretEnv } from '../sources/secret-settings.ts';
import type { JwtRules } from '../codec-server/authorize.ts';
import type { SettingValues } from './schema.ts';

/** Where the codec server listens, and who may ask it. */
export interface CodecServerConfig {
  host: string;
  port: number;
  /** null: those of a dev server's UI. */
  origins: readonly string[] | null;
  /** null: no token lets in. */
  token: (() => string) | null;
  /** null: no login lets in. */
  jwt: JwtRules | null;
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * The settings of the codec server.
 * @throws ConfigurationError where others could reach it, and nothing keeps them out
 */
export function readCodecServer(values: SettingValues, env: SecretEnv): CodecServerConfig {
  const secret = env['LANDFALL_CODEC_TOKEN'];
  const token = typeof secret === 'string' ? () => secret : (secret ?? null);
  const keySetUrl = values.LANDFALL_CODEC_JWKS_URL;
  const audience = values.LANDFALL_CODEC_AUDIENCE;
  if ((keySetUrl === null) !== (audience === null)) {
    throw new ConfigurationError(
      'LANDFALL_CODEC_JWKS_URL and LANDFALL_CODEC_AUDIENCE: set both. Without the audience a token that was made for another application would be taken.',
    );
  }
  const jwt =
    keySetUrl === null || audience === null
      ? null
      : { keySetUrl, audience, issuer: values.LANDFALL_CODEC_ISSUER, readers: values.LANDFALL_CODEC_READERS };
  const guarded = token !== null || jwt !== null;
  const host = values.LANDFALL_CODEC_HOST ?? (guarded ? '0.0.0.0' : '127.0.0.1');
  if (!guarded && !loopback.has(host)) {
    throw new ConfigurationError(
      `LANDFALL_CODEC_HOST: others can reach ${host}, and whoever does could read everything. Set LANDFALL_CODEC_TOKEN, or LANDFALL_CODEC_JWKS_URL.`,
    );
  }
  return { host, port: values.LANDFALL_CODEC_PORT, origins: values.LANDFALL_CODEC_ORIGINS, token, jwt };
}
