import Tensor

extension Tensor {
    /// Elements of one channel: the product of the axes after the second.
    package var channelSize: Int { shape.dropFirst(2).reduce(1, *) }

    /// Some channels of [N, C, …].
    package func channels(_ range: Range<Int>) -> Tensor {
        let (samples, all, size) = (shape[0], shape[1], channelSize)
        precondition(range.lowerBound >= 0 && range.upperBound <= all, "channels \(range) of \(shape)")
        if range.count == all { return self }
        var part = Tensor(uninitialized: [samples, range.count] + shape.dropFirst(2))
        withUnsafePointer { source in
            part.withUnsafeMutablePointer { target in
                for n in 0..<samples {
                    (target + n * range.count * size).update(
                        from: source + (n * all + range.lowerBound) * size, count: range.count * size)
                }
            }
        }
        return part
    }

    /// Some samples of [N, …].
    package func samples(_ range: Range<Int>) -> Tensor {
        if range == 0..<shape[0] { return self }
        return reshaped([1, count]).channels(
            range.lowerBound * (count / shape[0])..<range.upperBound * (count / shape[0])
        )
        .reshaped([range.count] + shape.dropFirst())
    }

    /// The first and the second half of the channels of [N, C, …].
    package var halves: (Tensor, Tensor) {
        (channels(0..<shape[1] / 2), channels(shape[1] / 2..<shape[1]))
    }

    /// The channels of all parts, in order; the parts agree in every other axis.
    package static func joined(_ parts: [Tensor]) -> Tensor {
        let first = parts[0]
        let size = first.channelSize
        let total = parts.reduce(0) { $0 + $1.shape[1] }
        var whole = Tensor(uninitialized: [first.shape[0], total] + first.shape.dropFirst(2))
        whole.withUnsafeMutablePointer { target in
            var offset = 0
            for part in parts {
                precondition(
                    part.shape[0] == first.shape[0] && part.channelSize == size, "cannot join \(part.shape)")
                let length = part.shape[1] * size
                part.withUnsafePointer { source in
                    for n in 0..<first.shape[0] {
                        (target + n * total * size + offset).update(from: source + n * length, count: length)
                    }
                }
                offset += length
            }
        }
        return whole
    }

    /// Filters stacked along their first axis; the others agree.
    package static func stacked(_ parts: [Tensor]) -> Tensor {
        let inner = Array(parts[0].shape.dropFirst())
        precondition(parts.allSatisfy { Array($0.shape.dropFirst()) == inner }, "cannot stack unlike filters")
        let rows = parts.reduce(0) { $0 + $1.shape[0] }
        let flat = parts.map { $0.reshaped([1, $0.count]) }
        return joined(flat).reshaped([rows] + inner)
    }
}
