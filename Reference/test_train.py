"""The trainer as it is called, on made-up photographs: `python -m unittest`."""

import gzip
import io
import json
import math
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open

import golden
from autochrome import conditioning, data, evaluation, guidance, lab, modelfile, network, nonlocal_means, palette
from autochrome import people, photographs, shards
from autochrome.discriminator import Discriminator

HERE = Path(__file__).parent
SMALL = ["--width", "0.05", "--batch", "4", "--validation", "4", "--device", "cpu"]


def photograph(seed: int, size: int, kind: str = "JPEG") -> bytes:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    encoded = io.BytesIO()
    coarse.resize((size, size), Image.BICUBIC).save(encoded, kind)
    return encoded.getvalue()


def write_shard(path: Path, files: list[bytes], names: list[str] | None = None) -> None:
    with tarfile.open(path, "w") as tar:
        for index, content in enumerate(files):
            info = tarfile.TarInfo(names[index] if names else f"{index}.jpg")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def write_newer(folder: Path, sets: list[str]) -> list[str]:
    """A shard with one photograph of each of some sets, and its manifest."""
    names = [f"{s}/{i}.webp" for i, s in enumerate(sets)]
    write_shard(folder / "photo192-00.tar", [photograph(i, 192, "WEBP") for i in range(len(sets))], names)
    with gzip.open(folder / "manifest192.csv.gz", "wt") as f:
        f.write("name,set,path,people\n")
        f.writelines(f"{n},{s},images/{n},{'no' if s == 'pets' else 'yes'}\n" for n, s in zip(names, sets))
    return names


class PeopleTests(unittest.TestCase):
    def test_several_pictures_of_a_person_and_whole_sources_stay_together(self):
        names = [f"First{i}_Last" for i in range(200)]
        frames = [f"{folder}/{name}_{n}.jpg" for name in names for folder, n in (("training", 10), ("test", 30))]
        faces = [{"set": "ytfaces", "path": path} for path in frames]
        aside = [people.is_set_aside(row) for row in faces]
        self.assertEqual(aside[::2], aside[1::2])
        self.assertTrue(8 < sum(aside[::2]) < 35, sum(aside[::2]))
        athletes = [{"set": "athletes", "path": f"images/{name}/{n}.jpg"} for name in names for n in (1, 2)]
        aside = [people.is_set_aside(row) for row in athletes]
        self.assertEqual(aside[::2], aside[1::2])
        self.assertTrue(all(people.is_set_aside({"set": "humanseg", "path": f"images/{n}.jpg"}) for n in range(20)))
        self.assertFalse(any(people.is_set_aside({"set": "pets", "path": f"images/{n}.jpg"}) for n in range(200)))

    def test_what_validates_is_set_aside_and_does_not_depend_on_the_order(self):
        rows = [{"set": s, "path": f"images/{n}.jpg"} for n in range(900) for s in ("humanseg", "sports", "pets")]
        chosen = [rows[i] for i in people.validation(rows)]
        self.assertEqual(len(chosen), people.COUNT)
        self.assertTrue(all(people.is_set_aside(row) for row in chosen))
        backward = rows[::-1]
        self.assertEqual([backward[i] for i in people.validation(backward)], chosen)


class ShardsTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_photographs_are_read_once_scaled_and_mapped(self):
        write_shard(self.folder / "photo192-00.tar", [photograph(1, 192, "WEBP"), photograph(2, 170, "WEBP"), b"no image"])
        first = shards.load(self.folder, "photo192-*", 192, self.folder / "cache")
        self.assertEqual((tuple(first.images.shape), first.names), ((2, 3, 192, 192), ["0.jpg", "1.jpg"]))
        (self.folder / "photo192-00.tar").unlink()
        again = shards.load(self.folder, "photo192-*", 192, self.folder / "cache")
        self.assertTrue(torch.equal(again.images, first.images))
        expected = torch.from_numpy(np.array(Image.open(io.BytesIO(photograph(1, 192, "WEBP"))).convert("RGB")))
        self.assertTrue(torch.equal(again.images[0], expected.permute(2, 0, 1)))

    def test_a_mixture_has_what_its_names_say_and_nothing_that_is_set_aside(self):
        sets = ["humanseg", "sports", "pets", "pets"]
        names = write_newer(self.folder, sets)
        write_shard(self.folder / "photo160-00.tar", [photograph(50, 160)])
        weights = {"photo160": 1.0, "photo192": 1.0, "people": 2.0, "others": 3.0, "sports": 4.0}
        pools = photographs.mixture(self.folder, self.folder / "cache", weights)
        self.assertEqual([pool.weight for pool in pools], list(weights.values()))
        self.assertIsNone(pools[0].places)
        self.assertEqual([pool.places.tolist() for pool in pools[1:]], [[1, 2, 3], [1], [2, 3], [1]])
        self.assertEqual(names[0], "humanseg/0.webp")
        with self.assertRaisesRegex(SystemExit, "humanseg: no photographs of that name"):
            photographs.mixture(self.folder, self.folder / "cache", {"humanseg": 1.0})

    def test_the_newer_photographs_bring_a_validation_set_of_people(self):
        write_shard(self.folder / "validation256-0.tar", [photograph(i, 256) for i in range(3)])
        self.assertEqual(list(photographs.validation(self.folder, self.folder / "cache")), ["imagenet"])
        write_newer(self.folder, ["humanseg", "pets", "deepface"])
        sets = photographs.validation(self.folder, self.folder / "cache")
        self.assertEqual({name: len(x) for name, x in sets.items()}, {"imagenet": 3, "people": 2})
        self.assertEqual(tuple(sets["people"].shape[1:]), (3, 256, 256))


class PaletteTests(unittest.TestCase):
    def test_annealing_leads_from_the_mean_of_two_colours_to_the_likelier_one(self):
        head = palette.Palette(8)
        red, green = ((head.centres - torch.tensor(x)).square().sum(1).argmin() for x in ([50.0, 30.0], [-50.0, 30.0]))
        with torch.no_grad():
            head.conv1.weight.zero_()
            head.conv1.bias.fill_(-1e4)
            head.conv1.bias[red], head.conv1.bias[green] = math.log(0.6), math.log(0.4)
        features = torch.zeros(1, 8, 4, 4)
        a = [lab.denormalise_ab(head.annealed(features, t))[0, 0, 0, 0].item() for t in (1.0, 0.38, 0.05)]
        self.assertAlmostEqual(a[0], 10, places=3)
        self.assertTrue(15 < a[1] < 40 < a[2] < 51, a)

    def test_it_learns_which_colours_are_where_and_how_frequent_each_is(self):
        torch.manual_seed(1)
        head = palette.Palette(4)
        features = torch.randn(2, 4, 8, 8)
        ab = lab.normalise_ab(torch.where(features[:, :1] > 0, 40.0, -40.0).expand(-1, 2, -1, -1))
        optimiser = torch.optim.Adam(head.parameters(), 3e-2)
        losses = []
        for _ in range(150):
            loss = head.loss(features, ab)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0] - 3)
        found = lab.denormalise_ab(head.annealed(features))
        self.assertGreater((found.sign() == lab.denormalise_ab(ab).sign())[:, :, ::2, ::2].float().mean(), 0.95)
        self.assertAlmostEqual(head.frequency.sum().item(), 1, places=4)
        self.assertEqual((head(features)[:, :, ::2, ::2] - head(features, 2)).abs().max(), 0)


class ColourfulnessTests(unittest.TestCase):
    def test_it_is_nought_for_gray_and_grows_with_chroma(self):
        gray = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1)).expand(-1, 3, -1, -1)
        tint = torch.tensor([0.1, 0.0, -0.1]).view(1, 3, 1, 1)
        none, some, more = (evaluation.colourfulness(gray + k * tint).item() for k in (0, 1, 2))
        self.assertAlmostEqual(none, 0, places=4)
        self.assertAlmostEqual(some, 0.3 * math.hypot(25.5, 38.25), places=3)
        self.assertAlmostEqual(more, 2 * some, places=3)


class BatchesTests(unittest.TestCase):
    def test_pools_are_drawn_by_their_weights_and_shuffled(self):
        tones = torch.arange(10, dtype=torch.uint8)[:, None, None, None] * 20
        pools = [
            data.Pool(tones[:2].expand(-1, 3, 160, 160), 1.0),
            data.Pool(tones.expand(-1, 3, 192, 192), 2.5, torch.tensor([4, 6])),
            data.Pool(tones[9:].expand(-1, 3, 192, 192), 0.5),
        ]
        batches = data.Batches(pools, 16, "cpu", 4)
        drawn = [(batches.mixed(16, 160, 0.6)[:, 0, 0, 0] * 255 / 20).round().int().tolist() for _ in range(50)]
        counts = {tone: sum(batch.count(tone) for batch in drawn) for tone in range(10)}
        self.assertEqual(sum(counts[tone] for tone in (0, 1, 4, 6, 9)), 800)
        self.assertAlmostEqual(counts[0] + counts[1], 200, delta=25)
        self.assertAlmostEqual(counts[9], 100, delta=25)
        self.assertTrue(all(counts[tone] > 60 for tone in (0, 1, 4, 6)))
        self.assertGreater(len({tuple(tone in (4, 6) for tone in batch) for batch in drawn}), 40)

    def test_the_last_pictures_are_mosaics_of_four_tiny_ones(self):
        plain = torch.randint(0, 256, (40, 3, 1, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
        black = torch.zeros(2, 3, 160, 160, dtype=torch.uint8)
        lightness, ab = data.Batches([data.Pool(black)], 3, "cpu", 4, plain.expand(-1, -1, 64, 64), mosaics=2).next(160, 0.6)
        self.assertEqual((tuple(lightness.shape), tuple(ab.shape)), ((3, 1, 160, 160), (3, 2, 40, 40)))
        self.assertLess(lab.denormalise_l(lightness[0]).abs().max(), 0.01)
        for picture in lightness[1:]:
            quarters = [picture[:, y : y + 80, x : x + 80] for y in (0, 80) for x in (0, 80)]
            self.assertTrue(all(q.max() - q.min() < 1e-3 for q in quarters))
            self.assertGreater(len({round(q.mean().item(), 2) for q in quarters}), 1)

    def test_focus_sharpens_some_pictures_and_blurs_others_and_leaves_their_chroma(self):
        images = torch.randint(0, 256, (1, 3, 160, 160), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))

        def contrast(focus: float) -> tuple[torch.Tensor, torch.Tensor]:
            lightness, ab = data.Batches([data.Pool(images)], 16, "cpu", 3).next(160, 1.0, focus=focus)
            return lightness.std((1, 2, 3)), ab

        (as_is, chroma), (changed, same) = contrast(0), contrast(0.5)
        self.assertLess(as_is.max() - as_is.min(), 1e-4)
        self.assertLess(changed.min(), 0.9 * as_is[0])
        self.assertGreater(changed.max(), 1.1 * as_is[0])
        self.assertTrue(torch.equal(chroma, same))

    def test_an_aged_picture_has_less_contrast_and_the_same_chroma(self):
        images = torch.arange(160, dtype=torch.uint8).expand(1, 3, 160, 160).clone()
        images[:, :, :, 80:] += 80
        (plain, chroma), (aged, same) = (data.Batches([data.Pool(images)], 16, "cpu", 3).next(160, 1.0, aged=x) for x in (0.0, 1.0))
        plain, aged = (F.avg_pool2d(lab.denormalise_l(x), 16) for x in (plain, aged))
        self.assertLess((aged.amax((1, 2, 3)) - aged.amin((1, 2, 3))).max(), plain.max() - plain.min())
        self.assertGreater(aged.amin((1, 2, 3)).max(), plain.min() + 10)
        self.assertLess(aged.amax((1, 2, 3)).min(), plain.max() - 10)
        self.assertTrue(torch.equal(chroma, same))

    def test_frames_are_paper_without_colour_around_the_picture(self):
        images = torch.zeros(1, 3, 160, 160, dtype=torch.uint8)
        images[:, 0] = 200
        plain, red = data.Batches([data.Pool(images)], 8, "cpu", 3).next(160, 1.0)
        lightness, ab = data.Batches([data.Pool(images)], 8, "cpu", 3).next(160, 1.0, frames=1)
        chroma = lab.denormalise_ab(ab)
        for edge in (chroma[:, :, 0], chroma[:, :, -1], chroma[:, :, :, 0], chroma[:, :, :, -1]):
            self.assertLess(edge.abs().max(), 2.01)
        self.assertTrue(torch.equal(ab[:, :, 5:-5, 5:-5], red[:, :, 5:-5, 5:-5]))
        self.assertTrue(torch.equal(lightness[:, :, 20:-20, 20:-20], plain[:, :, 20:-20, 20:-20]))
        framed = chroma.abs().amax(1) < 3
        changed = (lightness != plain)[:, 0].reshape(8, 40, 4, 40, 4)
        self.assertTrue(torch.equal(framed, changed.any(4).any(2)))
        self.assertTrue(torch.equal(framed, changed.float().mean((2, 4)) > 0.9))


class GuidanceTests(unittest.TestCase):
    def test_a_sample_that_runs_away_is_held_back(self):
        x = torch.randn(5, 2, 3, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
        weights = torch.tensor([1.0, 1.0, 1.0, 1e9, 0.5]).view(-1, 1, 1, 1)
        for endless in (None, math.inf, math.nan):
            x.grad = None
            (network.restrain(x) * (weights if endless is None else torch.where(weights > 1, endless, weights))).sum().backward()
            sizes = x.grad.flatten(1).norm(dim=1)
            held = 3.0 if endless is None else 0.0
            self.assertTrue(torch.allclose(sizes / sizes[0], torch.tensor([1.0, 1.0, 1.0, held, 0.5])))

    def test_on_the_way_back_values_are_held_at_a_bound_and_sent_toward_it(self):
        model = golden.fill_model(network.Colorizer(network.Config(width=0.05)), 1).eval()
        runaway = model.level4.conditional[-1].coefficients1.conv2
        with torch.no_grad():
            c = model.conditions(model.features(torch.randn(2, 1, 256, 256)))
            z = torch.randn(2, 8192, generator=torch.Generator().manual_seed(1))
            quiet: list[torch.Tensor] = []
            self.assertTrue(torch.equal(model.inverse(z, c, quiet), model.inverse(z, c)))
            self.assertEqual(sum(quiet), 0)
            runaway.bias[16:] += 1e6
        beyond: list[torch.Tensor] = []
        self.assertLess(model.inverse(z, c, beyond).abs().max(), 1e3)
        self.assertEqual(len(beyond), len(quiet))
        self.assertGreater(sum(beyond), 1e5)
        (sent,) = torch.autograd.grad(sum(beyond), [runaway.bias])
        self.assertGreater(sent[16:].min(), 0)

    def test_what_guides_is_cut_and_left_out_where_it_is_not_finite(self):
        x = torch.nn.Parameter(torch.ones(4))
        for factor, expected, share in ((0.1, 0.2, 1), (1e6, 0.3, 0.15e-6), (float("inf"), 0, 0), (float("nan"), 0, 0)):
            (gradient,), cut_to = guidance.cut_gradients((factor * x).sum(), [x], 0.3)
            self.assertAlmostEqual(cut_to.item(), share, places=9)
            self.assertAlmostEqual(gradient.norm().item(), expected, places=5)

    def test_a_discriminator_learns_to_tell_and_sends_draws_toward_photographs(self):
        torch.manual_seed(7)
        discriminator = Discriminator([24, 40, 112, 320])
        optimiser = torch.optim.Adam(discriminator.heads.parameters(), lr=0.01)

        def seen(shift: float) -> list[torch.Tensor]:
            return [torch.randn(4, n, 6, 6) + shift for n in (24, 40, 112, 320)]

        for _ in range(30):
            apart = discriminator.told_apart(seen(1), seen(0))
            optimiser.zero_grad()
            apart.backward()
            optimiser.step()
        self.assertLess(apart.item(), 0.5)  # 0.69 is chance
        drawn = [x.requires_grad_(True) for x in seen(0)]
        discriminator.told_apart(drawn, seen(1)).backward()
        self.assertTrue(all(x.grad.mean() < 0 for x in drawn[1:]))
        self.assertTrue(all(q.grad is None for q in discriminator.mixing.parameters()))

    def test_what_guides_leaves_the_discriminator_and_what_it_learns_leaves_the_flow(self):
        class Eyes:
            """Sees no more than means, over places of four sizes."""

            def taps_of(self, rgb: torch.Tensor) -> list[torch.Tensor]:
                return [F.avg_pool2d(rgb, s) for s in (4, 8, 16, 32)]

            def classes(self, tap: torch.Tensor) -> torch.Tensor:
                return tap.mean((2, 3)).log_softmax(1)

        torch.manual_seed(3)
        model = network.Colorizer(network.Config(width=0.05)).eval()
        lightness, ab = torch.randn(2, 1, 256, 256), torch.randn(2, 2, 64, 64)
        c = model.conditions(model.features(lightness))
        discriminator = Discriminator([3, 3, 3, 3])
        weights = guidance.Weights(energy=0.1, judge=0.1, realism=1)

        def guided(discriminator: Discriminator | None, spreading: float) -> guidance.Guidance:
            torch.manual_seed(4)
            by = (Eyes(), discriminator, weights, torch.tensor(spreading))
            return guidance.guidance_of(model, c, lightness, ab, 2, *by, samples=True)

        told = guided(discriminator, 0.0)
        self.assertGreater((told.loss - guided(None, 0.0).loss).item(), 0.2)
        between, off = told.spread
        spread = (guided(discriminator, 2.0).loss - told.loss).item()
        self.assertAlmostEqual(spread, 2 * (off / between).log().item(), places=3)
        flow, heads = list(model.level2.parameters()), list(discriminator.heads.parameters())
        guiding = torch.autograd.grad(told.loss, flow, retain_graph=True)
        self.assertTrue(any(g.abs().max() > 0 for g in guiding))
        learning = torch.autograd.grad(told.apart, flow + heads, allow_unused=True)
        self.assertTrue(all(g is None for g in learning[: len(flow)]))
        self.assertTrue(all(g is not None for g in learning[len(flow) :]))


class NonLocalMeansTests(unittest.TestCase):
    def test_places_that_look_unlike_exchange_nothing(self):
        side = torch.where(torch.arange(64) < 32, 1.0, -1.0).expand(2, 3, 64, 64).contiguous()
        noisy = side[:, :2] * (2 + 0.5 * torch.randn(2, 2, 64, 64, generator=torch.Generator().manual_seed(1)))
        weights = nonlocal_means.weights(side)
        torch.testing.assert_close(weights.sum(2), torch.ones(2, 1024))
        means = nonlocal_means.averaged(noisy, weights)[..., [0, 16, 47, 63]]
        self.assertLess((means - 2 * side[:, :2, :, [0, 16, 47, 63]]).abs().max(), 0.1)


class NormTests(unittest.TestCase):
    def test_estimated_norms_are_those_of_the_pictures_with_no_block_passed_by(self):
        torch.manual_seed(1)
        model = network.Colorizer(network.Config("compact", 0.05, 96, "joint", True, 1))
        model.conditioning.encoder.drop_blocks(0.9)
        for norm in model.conditioning.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.running_mean.normal_()
        lightness = torch.randn(16, 1, 192, 192)
        conditioning.estimate_norms(model, [lightness])
        with torch.no_grad():
            kept = model.features(lightness)
            model.conditioning.encoder.drop_blocks(0)
            model.train()
            own = model.features(lightness)
        self.assertLess((kept - own).abs().mean() / own.abs().mean(), 0.05)
        self.assertTrue(all(m.momentum for m in model.conditioning.modules() if isinstance(m, torch.nn.BatchNorm2d)))


class TrainTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.photos, self.work = Path(folder.name, "photos"), Path(folder.name, "work")
        self.photos.mkdir()
        write_shard(self.photos / "photo160-0.tar", [photograph(i, 160) for i in range(8)])
        write_shard(self.photos / "validation256-0.tar", [photograph(100 + i, 256) for i in range(8)])

    def train(self, stage: str, *arguments: str, fails: bool = False, processes: int = 1) -> str:
        several = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes)] if processes > 1 else []
        command = [sys.executable, *several, "train.py", stage, "--photos", str(self.photos), "--work", str(self.work)]
        done = subprocess.run(command + SMALL + list(arguments), cwd=HERE, capture_output=True, text=True)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout + done.stderr

    def narrow_flow(self) -> Path:
        """A flow that need not be fitted to photographs first."""
        path = self.work.with_name("narrow.safetensors")
        model = golden.fill_model(network.Colorizer(network.Config(width=0.05)), 1)
        modelfile.save(model, path, {"stages": [{"stage": "flow"}]}, half=False)
        return path

    def checkpoint(self, stage: str) -> dict:
        return torch.load(self.work / f"{stage}.pt", weights_only=False)

    def exported(self, stage: str) -> tuple[dict, dict, set]:
        with safe_open(self.work / f"{stage}.safetensors", "pt") as f:
            return f.metadata(), json.loads(f.metadata()["training"]), set(f.keys())

    def test_stages_of_paper_follow_each_other_and_go_on(self):
        self.train("conditioning", "--preset", "paper", "--steps", "2")
        metadata, _, names = self.exported("conditioning")
        self.assertEqual(metadata["preset"], "paper")
        self.assertFalse([n for n in names if n.startswith("regression")])
        learned = self.checkpoint("conditioning")["ema"]

        self.train("flow", "--preset", "paper", "--steps", "2")
        before = self.checkpoint("flow")
        fixed = [n for n in before["model"] if n.startswith("conditioning") and "num_batches" not in n]
        self.assertTrue(fixed)
        for name in fixed:
            self.assertTrue(torch.equal(before["model"][name], learned[name]), name)
        self.train("flow", "--preset", "paper", "--steps", "4")
        after = self.checkpoint("flow")
        self.assertEqual((before["progress"]["steps"], after["progress"]["steps"]), (2, 4))
        self.assertTrue((self.work / "flow.png").exists())

        self.train("joint", "--preset", "paper", "--steps", "1")
        _, record, _ = self.exported("joint")
        self.assertEqual([s["stage"] for s in record["stages"]], ["conditioning", "flow", "joint"])
        self.assertIn("nll_per_dim", record["validation"])

    def test_a_stage_ends_by_the_clock(self):
        self.train("flow", "--from", str(self.narrow_flow()), "--minutes", "0.001")
        progress = self.checkpoint("flow")["progress"]
        self.assertGreaterEqual(progress["minutes"], 0.001)
        self.assertLess(progress["steps"], 1000)

    def test_the_spread_is_held_by_what_drives_samples_apart(self):
        begun = self.narrow_flow()
        least, most = guidance.SPREADING_RANGE

        def spreading(share: str) -> float:
            self.train("flow", "--from", str(begun), "--steps", "2", "--cycle", "1", "--spread", share)
            (self.work / "flow.pt").rename(self.work / "done.pt")
            return self.checkpoint("done")["progress"]["spreading"]

        self.assertTrue(least < spreading("1e-9") < guidance.SPREADING < spreading("1000") < most)
        self.assertEqual((spreading("1e-99"), spreading("1e99")), (least, most))

    def test_two_processes_end_with_the_same_step(self):
        self.train("conditioning", "--minutes", "0.05", processes=2)
        progress = self.checkpoint("conditioning")["progress"]
        self.assertGreaterEqual(progress["minutes"], 0.05)
        self.assertEqual(progress["images"], 2 * 4 * progress["steps"])

    def test_same_seed_gives_the_same_weights(self):
        self.train("conditioning", "--steps", "2", "--seed", "5")
        first = self.checkpoint("conditioning")["ema"]
        (self.work / "conditioning.pt").unlink()
        self.train("conditioning", "--steps", "2", "--seed", "5")
        second = self.checkpoint("conditioning")["ema"]
        self.assertTrue(all(torch.equal(first[n], second[n]) for n in first))

    def test_several_beginnings_are_averaged(self):
        self.train("conditioning", "--steps", "1", "--seed", "1")
        parts = []
        for seed in ("2", "3"):
            (self.work / "conditioning.pt").rename(self.work / f"from{seed}.pt")
            parts.append(self.work / f"from{seed}.pt")
            self.train("conditioning", "--steps", "1", "--seed", seed)
        (self.work / "conditioning.pt").unlink()
        self.train("conditioning", "--steps", "1", "--lr", "0", "--from", *map(str, parts))
        a, b = (torch.load(path, weights_only=False)["ema"] for path in parts)
        mean = self.checkpoint("conditioning")
        name = "conditioning.lateral3.weight"
        self.assertFalse(torch.equal(a[name], b[name]))
        self.assertTrue(torch.allclose(mean["ema"][name], (a[name] + b[name]) / 2, atol=1e-5))
        self.assertEqual(mean["history"][-1]["of"], [f"work/{path.name}" for path in parts])

        (self.work / "conditioning.pt").unlink()
        shares = ["--shares", "3", "1"]
        self.train("conditioning", "--steps", "1", "--lr", "0", "--from", *map(str, parts), *shares)
        mean = self.checkpoint("conditioning")
        self.assertTrue(torch.allclose(mean["ema"][name], 0.75 * a[name] + 0.25 * b[name], atol=1e-5))
        said = self.train("conditioning", "--from", *map(str, parts), "--shares", "1", fails=True)
        self.assertIn("--shares: one share", said)

    def test_a_flow_begins_with_the_mean_of_two_conditioning_networks_and_anothers_flow(self):
        for seed in ("1", "2"):
            self.train("conditioning", "--steps", "1", "--lr", "1e-2", "--seed", seed)
            (self.work / "conditioning.best.pt").unlink()
            (self.work / "conditioning.pt").rename(self.work / f"from{seed}.pt")
        self.train("flow", "--steps", "1", "--seed", "3", "--from", str(self.work / "from1.pt"))
        (self.work / "flow.pt").rename(self.work / "other.pt")
        parts = [str(self.work / f"from{seed}.pt") for seed in "12"]
        other = ["--flow-of", str(self.work / "other.pt")]
        self.train("flow", "--steps", "1", "--lr", "0", "--from", *parts, *other)
        a, b, flow = (torch.load(path, weights_only=False)["ema"] for path in [*parts, other[1]])
        begun = self.checkpoint("flow")
        conditioning, norm = "conditioning.lateral3.weight", "conditioning.encoder.norm.running_var"
        head = "level1.conditional.0.head.conv0.weight"
        self.assertTrue(torch.allclose(begun["ema"][conditioning], (a[conditioning] + b[conditioning]) / 2, atol=1e-5))
        self.assertFalse(torch.equal(a[conditioning], b[conditioning]))
        self.assertTrue(torch.allclose(begun["ema"][head], flow[head], atol=1e-5))
        self.assertFalse(torch.allclose(begun["ema"][norm], (a[norm] + b[norm]) / 2, rtol=1e-3))
        self.assertEqual([s["stage"] for s in begun["history"]], ["conditioning", "flow", "exchange"])
        self.assertEqual(begun["history"][-1]["conditioning"][-1]["of"], ["work/from1.pt", "work/from2.pt"])
        self.assertIn("for the flow stage only", self.train("joint", *other, fails=True))

        (self.work / "flow.pt").unlink()
        said = self.train("flow", "--width", "0.1", "--from", parts[0], *other, fails=True)
        self.assertRegex(said, r"other\.pt: level.* where this preset and width have")
        (self.work / "flow.best.pt").unlink()
        self.assertIn("--flow-of: no conditioning network", self.train("flow", *other, fails=True))

    def test_a_wider_flow_begins_with_what_a_narrower_one_has_learned(self):
        path = self.narrow_flow()
        wider = ["--from", str(path), "--widen", "--steps", "1", "--lr", "0"]
        self.train("flow", "--width", "0.1", *wider)
        metadata, record, _ = self.exported("flow")
        self.assertEqual(metadata["width"], "0.1")
        self.assertEqual([s["stage"] for s in record["stages"]], ["flow", "widened", "flow"])
        images = shards.load(self.photos, "validation256-*", 256, self.work / "cache").images[:4]
        expected = evaluation.evaluate(modelfile.load(path), images, 4, 1.0, 1)["nll_per_dim"]["mean"]
        self.assertAlmostEqual(record["validation"]["nll_per_dim"] / expected, 1, delta=2e-3)
        (self.work / "flow.pt").unlink()
        said = self.train("flow", "--width", "0.04", *wider, fails=True)
        self.assertRegex(said, r"narrow\.safetensors: .* cannot be widened to")

    def test_broken_shards_and_images_are_named_and_left_out(self):
        whole = self.photos / "photo160-0.tar"
        write_shard(self.photos / "photo160-1.tar", [b"not an image", photograph(9, 160)])
        (self.photos / "photo160-2.tar").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        said = self.train("conditioning", "--steps", "1")
        self.assertRegex(said, r"photo160-1\.tar: 0\.jpg: .*left out")
        self.assertRegex(said, r"photo160-2\.tar: .*left out")

    def test_a_missing_shard_is_named(self):
        (self.photos / "validation256-0.tar").unlink()
        self.assertIn("validation256-*.tar: no such shard", self.train("conditioning", "--steps", "1", fails=True))

    def test_newer_photographs_and_a_palette_are_trained_on_and_people_are_reported(self):
        write_newer(self.photos, ["pets", "sports", "humanseg", "deepface"] * 2)
        few = ["--mixture", "photo160=1", "people=2", "others=1", "--palette", "0.1"]
        self.train("conditioning", "--steps", "1", *few)
        _, record, names = self.exported("conditioning")
        self.assertEqual(record["stages"][-1]["mixture"], {"photo160": 1, "people": 2, "others": 1})
        for figures in (record["validation"], record["validation"]["people"]):
            self.assertLess({"gray", "regression", "annealed", "annealed_colourfulness"}, set(figures) | {"more"})
        self.assertFalse([n for n in names if n.startswith("palette")])
        self.train("conditioning", "--steps", "2", *few)
        self.assertEqual(self.checkpoint("conditioning")["progress"]["steps"], 2)
        path = self.work.with_name("with.pt")
        (self.work / "conditioning.pt").rename(path)
        self.train("conditioning", "--steps", "1", "--lr", "0", "--from", str(path), *few)
        own, found = (torch.load(x, weights_only=False)["ema"] for x in (path, self.work / "conditioning.pt"))
        self.assertTrue(torch.allclose(found["palette.conv0.weight"], own["palette.conv0.weight"], atol=1e-5))
        (self.work / "conditioning.pt").unlink()
        self.train("conditioning", "--steps", "1", "--from", str(path), str(self.work / "conditioning.safetensors"), *few)
        self.assertIn("NAME=WEIGHT", self.train("conditioning", "--mixture", "people", fails=True))

    def test_a_stage_that_is_asked_to_end_keeps_what_it_has(self):
        command = [sys.executable, "-u", "train.py", "conditioning", "--photos", str(self.photos), "--work", str(self.work)]
        with subprocess.Popen(command + SMALL + ["--steps", "100000"], cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
            self.assertTrue(any("step 20" in line for line in process.stdout))
            process.terminate()
            process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertGreaterEqual(self.checkpoint("conditioning")["progress"]["steps"], 20)

    def test_mosaics_need_tiny_images_and_are_recorded(self):
        said = self.train("conditioning", "--steps", "1", "--mosaics", "0.5", fails=True)
        self.assertIn("tiny64-*.tar: no such shard", said)
        write_shard(self.photos / "tiny64-0.tar", [photograph(200 + i, 64) for i in range(4)])
        self.train("conditioning", "--steps", "1", "--mosaics", "0.5")
        _, record, _ = self.exported("conditioning")
        self.assertEqual(record["stages"][-1]["mosaics"], 0.5)

    def test_another_width_and_a_broken_checkpoint_are_refused_and_kept(self):
        self.train("conditioning", "--preset", "paper", "--steps", "1")
        path = self.work / "conditioning.pt"
        kept = path.read_bytes()
        said = self.train("conditioning", "--preset", "paper", "--steps", "2", "--width", "0.1", fails=True)
        self.assertRegex(said, r"conditioning\.pt: conditioning\..* where this preset and width have")
        self.assertEqual(path.read_bytes(), kept)
        path.write_bytes(kept[:1000])
        said = self.train("conditioning", "--preset", "paper", "--steps", "2", fails=True)
        self.assertIn("conditioning.pt: not a checkpoint", said)
        self.assertEqual(path.read_bytes(), kept[:1000])


if __name__ == "__main__":
    unittest.main()
