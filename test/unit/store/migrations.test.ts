import { expect, it } from 'vitest';
import { checksum, journal } from '../../../src/store/migrations/journal.ts';

// A checksum here never changes once its migration is released: add a migration instead, and its line.
const released = [
  'f48b3b38f81641c2e525baa02ca8f1b45736f10b1a839a586f2de3be31d864e0',
  '585e53606f78493ed271a85222a60eefe350976c0c94cba609d0f8c0e4f5799d',
  '15f1463208117d6c2c98111d53a08dc003a96c7dac2a7dc0d5f79fc5b543cfaf',
  '4c509c33d5097de083cb9620bb5a83bc04e94abf2ddcc11491adc29d6722fee9',
  '97e517a2386c8ecf8d8fab10bbe4388931f16d8fd4832cf8acca30d30f919bce',
  '8e02a0c084abd7d0310116fab23ff5306d5f457da3083b47b4a2602a0c105dfd',
  '236088057cb9e4465f4567e0a1cebf6ec4402b7c03cdb7bbbe372eb9ddc40de9',
  '17052680293847c47dc7c00357b66b93b6c3cfc51d4997607f5209f9a372a499',
  'a55d5a22b3e22a1943c4956db298ec8343b5c02a20202565c522388beecb7b90',
  '08ffc414856310dca28ab89e962749b50e438fd340af53101e1a7005ea2c0f0c',
];

it('migrations are only ever added: one that databases have already is never edited', () => {
  expect(journal.map(checksum)).toEqual(released);
  expect(journal.map(({ id }) => id)).toEqual(journal.map((_, index) => index + 1));
});
