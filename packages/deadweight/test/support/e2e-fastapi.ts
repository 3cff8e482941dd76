import { buildFrom } from "./e2e-python.ts";
import { tagBase } from "./e2e-base.ts";
import { docker } from "./engine.ts";
import { ownName } from "./engine-names.ts";

/** Where the service listens. */
export const port = 8767;

/** A service as people write them: what it hears is JSON with ids and times, what it says is sound that is never twice the same. */
const program = `
import array, io, random, time, uuid, wave
from pathlib import Path
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel

app = FastAPI()

class Heard(BaseModel):
    text: str

@app.get("/health")
def health():
    return {"status": "ok"}

@app.post("/v1/transcribe")
def transcribe(heard: Heard):
    begun = time.perf_counter()
    words = [{"id": str(uuid.uuid4()), "text": word, "length": len(word)} for word in heard.text.split()]
    return {"id": str(uuid.uuid4()), "took": time.perf_counter() - begun, "segments": words}

@app.get("/v1/speak")
def speak(voice: str = "low"):
    path = Path(__file__).with_name("voices") / f"{voice}.raw"
    if not path.is_file():
        raise HTTPException(404, "no such voice")
    samples = array.array("h", (sample + random.randint(-20, 20) for sample in array.array("h", path.read_bytes())))
    sound = io.BytesIO()
    with wave.open(sound, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(samples.tobytes())
    return Response(sound.getvalue(), media_type="audio/wav")
`;

/** Written with what people often overlook: lists that a later step removes, a context with history and samples, a second copy by chown. */
const steps = `
RUN apt-get update && apt-get -o Acquire::Retries=3 install -y --no-install-recommends python3-fastapi python3-uvicorn
COPY . /srv/app
RUN chown -R 1000:1000 /srv/app
RUN rm -rf /var/lib/apt/lists/* /srv/app/samples
WORKDIR /srv/app
USER 1000
HEALTHCHECK CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:${port}/health')"]
CMD ["python3", "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "${port}"]`;

/** Bytes of the application that no container sees once the samples are removed: twice, as the chown stored them again. */
export const sampleBytes = 3_000_000;

/** A second of 440 Hz in 16 bits, as loud as this part of full scale. */
function tone(level: number): Uint8Array {
  const samples = Int16Array.from({ length: 16_000 }, (_, at) => 32_767 * level * Math.sin((2 * Math.PI * 440 * at) / 16_000));
  return new Uint8Array(samples.buffer);
}

/** Builds the service in the engine; gives its name. */
export async function buildFastapi(): Promise<string> {
  const [base, name] = [ownName("fastapi-base"), ownName("fastapi")];
  await tagBase(base);
  const files = {
    "main.py": program,
    "voices/low.raw": tone(0.3),
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/objects/pack/pack-1.pack": "PACK".repeat(250_000),
    "samples/long.txt": "sample ".repeat(sampleBytes / 7),
  };
  try {
    await buildFrom(base, steps, files, name);
  } finally {
    await docker("image", "rm", "--force", base);
  }
  return name;
}

/** A candidate whose voice is half as loud: it answers with status 200 and as many bytes as the original. */
export async function buildQuiet(from: string): Promise<string> {
  const name = ownName("fastapi-quiet");
  await buildFrom(from, "COPY low.raw /srv/app/voices/low.raw", { "low.raw": tone(0.15) }, name);
  return name;
}
