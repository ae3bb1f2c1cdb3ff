import Flow
import Foundation
import Kernels
import Tensor
import Testing

@testable import Training

/// Agreement with training in PyTorch, of which `Reference/golden_training.py` recorded gradients and losses.
@Suite struct ColorizationGradientTests {
    /// Without Winograd: its roundings turn more ReLUs.
    private static let execution = Execution(threads: 2, isExact: true)

    /// A small network with the weights of the formula, and its batches.
    private struct Subject {
        let golden: SafeTensors
        let images: Int
        let seed: UInt64
        let parameters: Parameters
        let gradient: ColorizationGradient

        init(_ name: String, _ configuration: ModelConfiguration) throws {
            golden = try TrainingTests.golden(name)
            images = try #require(golden.metadata["images"].flatMap { Int($0) })
            seed = configuration.seed
            for (key, value) in configuration.metadata where key != "architecture" && key != "width" {
                try #require(golden.metadata[key] == value, "\(key)")
            }
            parameters = Parameters(RawWeights(random: configuration))
            for parameter in parameters.learned {
                let lift = Self.lift(parameter.name)
                if lift != 0 { parameter.value = parameter.value.map { $0 + lift } }
            }
            gradient = ColorizationGradient(configuration, parameters, execution: ColorizationGradientTests.execution)
        }

        /// How far a parameter is moved from the formula, as in `golden_training.py`: with most units on, roundings
        /// turn no ReLUs, and gradients can be compared closely.
        private static func lift(_ name: String) -> Float {
            let parts = name.split(separator: ".")
            guard parts.count > 2 else { return 0 }
            let (owner, layer) = (parts[parts.count - 3], parts[parts.count - 2])
            if parts[0] == "conditioning", layer.hasPrefix("norm"), !owner.hasPrefix("group") {
                return parts.last == "bias" ? 3 : -0.6
            }
            guard parts.last == "bias" else { return 0 }
            let isLast = layer == "conv2" && owner.hasPrefix("coefficients")
            return layer.hasPrefix("conv") && !isLast ? 3 : 0
        }

        func step(_ index: Int) -> ColorizationGradient.Loss {
            gradient(
                lightness: input("lightness.\(index)", [images, 1, 256, 256], scale: 1.7, seed: seed),
                chroma: input("chroma.\(index)", [images, 2, 64, 64], scale: 1.7, seed: seed))
        }
    }

    @Test(arguments: [
        ("paper", ModelConfiguration.paper(width: 1.0 / 32, seed: 33)),
        ("compact", .compact(width: 1.0 / 32, features: 8, seed: 35)),
        ("none", .compact(width: 1.0 / 32, ablation: .none, seed: 23)),
    ])
    func gradients(name: String, configuration: ModelConfiguration) throws {
        let subject = try Subject(name, configuration)
        let loss = subject.step(0)
        let expected = Double(try subject.golden.tensor("losses").values[0])
        #expect(abs(loss.total - expected) < 1e-4 * abs(expected), "\(loss) against \(expected)")

        let whole = Double(try subject.golden.tensor("norm").values[0])
        var squares = 0.0
        var compared = 0
        for parameter in subject.parameters.learned {
            squares += Elementwise.squaredNorm(parameter.gradient, Self.execution)
            let reference = try subject.golden.tensor("gradient." + parameter.name).values
            let found = sampled(parameter.gradient, limit: 24)
            let size = norm(reference)
            // Behind a batch norm a bias has no effect: its gradient is rounding, here and there.
            if size < 1e-8 * whole { continue }
            let error = norm(zip(found, reference).map { $0 - $1 })
            #expect(found.count == reference.count && error < 1e-3 * size, "\(parameter.name): \(error) of \(size)")
            compared += 1
        }
        #expect(compared * 10 > subject.parameters.learned.count * 9)
        #expect(abs(squares.squareRoot() - whole) < 1e-4 * whole)
        for parameter in subject.parameters.all where parameter.name.contains(".running_") {
            let reference = try subject.golden.tensor("statistics." + parameter.name).values
            let error = norm(zip(sampled(parameter.value, limit: 24), reference).map { $0 - $1 })
            #expect(error < 1e-5 * (1 + norm(reference)), "\(parameter.name)")
        }
    }

    @Test func twentySteps() throws {
        let subject = try Subject("paper", .paper(width: 1.0 / 32, seed: 33))
        let rate = try #require(subject.golden.metadata["rate"].flatMap { Double($0) })
        var settings = Adam.Settings()
        settings.clip = .infinity
        let adam = Adam(settings: settings)
        for (index, expected) in try subject.golden.tensor("losses").values.enumerated() {
            let loss = subject.step(index).total
            #expect(abs(loss - Double(expected)) < 1e-3, "step \(index): \(loss) against \(expected)")
            let outcome = adam.step(subject.gradient.parameters.learned, loss: loss, rate: rate, Self.execution)
            #expect(outcome != .skipped)
        }
    }

    private func norm(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
