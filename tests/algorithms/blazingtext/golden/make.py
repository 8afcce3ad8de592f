"""Makes the files beside it with fastText's command line, and writes down what its Python package answers:

    python make.py path/to/fasttext

with the program that `make` builds of fastText's sources, in an environment with ``fasttext==0.9.3`` and ``numpy<2``. Eleven
threads, as fewer leave a part of a matrix uninitialised: the files differ a little each time, and the answers with them.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import fasttext

HERE = Path(__file__).parent
SUBJECTS = {
    "sea": "the ship sails over grey waves to a harbour with salt wind and gulls",
    "kitchen": "stir the soup add pepper and bake bread in a hot oven with butter",
    "sky": "a comet crosses the night between bright stars and a pale moon naïve café 日本語",
    "road": "the lorry turns left past an old bridge and stops at a red light",
}
SENTENCES = [
    "the ship sails over the waves",
    "bake the bread",
    "a pale moon",
    "red light at the bridge </s> butter butter butter",
    "",
    "   \t ",
    "__label__sea __label__nobody soup",
    "zzyzx quuxly",
    "日本語 naïve stärs",
    "moon\x0bpepper\rgulls",
]
WORDS = ["ship", "ships", "日本語", "日本", "zzyzx", "</s>", "a", "", "old bridge", "naïf"]


def lines(label_of) -> list[str]:
    rng = random.Random(1)
    texts = []
    for number in range(400):
        subject = rng.choice(list(SUBJECTS))
        words = rng.choices(SUBJECTS[subject].split(), k=rng.randint(3, 8))
        texts.append(" ".join([*label_of(number, subject), *words]))
    return texts


def run(mode: str, source: Path, output: Path, options: str) -> None:
    common = ["-input", source, "-output", output, "-thread", "11", "-verbose", "0"]
    subprocess.run([sys.argv[1], mode, *common, *options.split()], check=True)


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        text, many, plain = (folder / each for each in ("text", "many", "plain"))
        both = lambda number, subject: [f"__label__{subject}"] + ["__label__long"] * (number % 7 == 0)  # noqa: E731
        text.write_text("\n".join(lines(both)) + "\n")
        many.write_text("\n".join(lines(lambda number, subject: [f"__label__{number % 300}"])) + "\n")
        plain.write_text("\n".join(lines(lambda number, subject: [])) + "\n")
        learn = "-epoch 10 -lr 0.3"
        run("supervised", text, folder / "softmax", f"-dim 8 -wordNgrams 2 -bucket 300 {learn}")
        for loss in ("ova", "ns", "hs"):
            run("supervised", text, folder / loss, f"-dim 5 -wordNgrams 3 -bucket 100 -loss {loss} {learn}")
        run("supervised", text, folder / "pruned", f"-dim 7 -minn 2 -maxn 4 -bucket 600 -loss hs {learn}")
        run("quantize", text, folder / "pruned", "-cutoff 300 -qnorm")
        run("supervised", many, folder / "quantised", f"-dim 6 -wordNgrams 2 -bucket 300 {learn}")
        run("quantize", many, folder / "quantised", "-qout -dsub 4")
        run("skipgram", plain, folder / "subwords", "-dim 6 -minCount 2 -minn 3 -maxn 5 -bucket 200 -epoch 5")
        run("cbow", plain, folder / "words", "-dim 6 -minCount 2 -minn 0 -maxn 0 -epoch 5")
        for made in ("softmax.bin", "ova.bin", "ns.bin", "hs.bin", "pruned.ftz", "quantised.ftz", "subwords.bin", "words.bin"):
            shutil.copy(folder / made, HERE / made)

    expected: dict[str, list] = {}
    for path in sorted(HERE.glob("*.bin")) + sorted(HERE.glob("*.ftz")):
        model = fasttext.load_model(str(path))
        if path.stem in ("subwords", "words"):
            expected[path.name] = [model.get_word_vector(word).tolist() for word in WORDS]
        else:
            labels, probabilities = model.predict(SENTENCES, k=3)
            expected[path.name] = [[list(of), [float(p) for p in each]] for of, each in zip(labels, probabilities, strict=True)]
    answers = {"sentences": SENTENCES, "words": WORDS, "expected": expected}
    (HERE / "expected.json").write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
