import Foundation

extension Photograph {
    /// Bytes that a gray picture's file may have.
    package static let grayLimit = 4 << 20

    /// A gray photograph from a binary PGM of 8 bits (netpbm's pgm(5)), as `Preview.pgm` writes it.
    ///
    /// Nil where the bytes are not exactly such a file: nothing else is ever read of them.
    package convenience init?(pgm data: Data, name: String) {
        let header = data.prefix(32)
        guard data.count <= Self.grayLimit, let text = String(data: header.prefix { $0 < 0x80 }, encoding: .ascii),
            let match = text.prefixMatch(of: /P5\n([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})\n255\n/),
            let width = Int(match.1), let height = Int(match.2),
            data.count == match.0.utf8.count + width * height
        else { return nil }
        var plane = GrayPlane(width: width, height: height)
        for (index, value) in data.dropFirst(match.0.utf8.count).enumerated() {
            plane.tones[index] = UInt16(value) * 257
        }
        self.init(
            description: ImageDescription(
                width: width, height: height, hasAlpha: false, bitDepth: 8, format: .jpeg, dates: CaptureDates(),
                resolution: nil, warnings: []), plane: plane, chroma: nil, name: name)
    }
}

extension Preview {
    /// The photograph without colour as a binary PGM of 8 bits.
    package var pgm: Data {
        var data = Data("P5\n\(width) \(height)\n255\n".utf8)
        data.append(contentsOf: plane.tones.map { UInt8((Int($0) + 128) / 257) })
        return data
    }
}
