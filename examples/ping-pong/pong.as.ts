// Returns every ping to whoever sent it.
import { Decoder, Encoder, receive, send } from 'troupe';

class Ball {
  round: i64 = 0;

  decode(decoder: Decoder): void {
    for (let left = decoder.map(); left > 0; left--) {
      if (decoder.key() == 'round') this.round = decoder.int();
      else decoder.skip();
    }
  }

  encode(encoder: Encoder): void {
    encoder.map(1);
    encoder.string('round');
    encoder.int(this.round);
  }
}

export function main(): void {
  while (true) {
    const message = receive();
    if (message.topic == 'stop') return;
    send(message.from, 'pong', message.read<Ball>());
  }
}
