import Flow
import Kernels
import Tensor

extension Tape {
    func add(_ x: Variable, _ y: Variable) -> Variable {
        record(Elementwise.add(x.value, y.value, execution), trained: x.needsGradient || y.needsGradient) {
            [execution] gradient in
            x.receive(gradient, execution)
            y.receive(gradient, execution)
        }
    }

    /// `fine` + `coarse` enlarged twofold.
    func addUpsampled(_ fine: Variable, _ coarse: Variable) -> Variable {
        let sum = Elementwise.addNearestUpsampled2(fine.value, coarse.value, execution)
        return record(sum, trained: fine.needsGradient || coarse.needsGradient) { [execution] gradient in
            fine.receive(gradient, execution)
            coarse.receive(Elementwise.nearestUpsampled2Gradient(gradient, execution), execution)
        }
    }

    /// The mean of each plane, [N, C, …] → [N, C].
    func globalAveragePool(_ x: Variable) -> Variable {
        record(Elementwise.globalAveragePool(x.value, execution), trained: x.needsGradient) { [execution] gradient in
            x.receive(Elementwise.globalAveragePoolGradient(gradient, inputShape: x.value.shape), execution)
        }
    }

    /// The channels of x, then those of y.
    func concatenate(_ x: Variable, _ y: Variable) -> Variable {
        let joined = Tensor.joined([x.value, y.value])
        return record(joined, trained: x.needsGradient || y.needsGradient) { [execution] gradient in
            let (first, all) = (x.value.shape[1], joined.shape[1])
            x.receive(gradient.channels(0..<first), execution)
            y.receive(gradient.channels(first..<all), execution)
        }
    }

    /// Some channels of x.
    func channels(_ x: Variable, _ range: Range<Int>) -> Variable {
        record(x.value.channels(range), trained: x.needsGradient) { [execution] gradient in
            let (all, inner) = (x.value.shape[1], Array(x.value.shape[2...]))
            let before = Tensor([gradient.shape[0], range.lowerBound] + inner)
            let after = Tensor([gradient.shape[0], all - range.upperBound] + inner)
            let whole = Tensor.joined([before, gradient, after])
            x.receive(whole, execution)
        }
    }

    /// The first images of a batch.
    func first(_ count: Int, of x: Variable) -> Variable {
        let part = x.value.samples(0..<count)
        return record(part, trained: x.needsGradient) { [execution] gradient in
            let rest = Tensor([1, x.value.count - gradient.count])
            let whole = Tensor.joined([gradient.reshaped([1, gradient.count]), rest])
            x.receive(whole.reshaped(x.value.shape), execution)
        }
    }

    /// Each element through a soft clamp.
    func clamp(_ x: Variable, _ clamp: SoftClamp) -> Variable {
        record(x.value.map { clamp($0) }, trained: x.needsGradient) { [execution] gradient in
            x.receive(gradient.combined(x.value.map(clamp.slope), *), execution)
        }
    }
}

extension Tensor {
    /// A function of each element.
    func map(_ body: (Float) -> Float) -> Tensor {
        var result = self
        let count = count
        result.withUnsafeMutablePointer { base in
            for i in 0..<count { base[i] = body(base[i]) }
        }
        return result
    }

    /// A function of the elements of two tensors of one shape.
    func combined(_ other: Tensor, _ body: (Float, Float) -> Float) -> Tensor {
        precondition(shape == other.shape, "\(shape) and \(other.shape)")
        var result = self
        let count = count
        result.withUnsafeMutablePointer { base in
            other.withUnsafePointer { second in
                for i in 0..<count { base[i] = body(base[i], second[i]) }
            }
        }
        return result
    }
}
