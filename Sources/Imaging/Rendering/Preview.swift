import Tensor

/// A reduced photograph that is coloured for a sheet, without a file.
package struct Preview: Sendable {
    let plane: GrayPlane

    /// Columns.
    package var width: Int { plane.width }
    /// Rows.
    package var height: Int { plane.height }

    /// The photograph without colour.
    package var original: RGBImage {
        colored(ChromaField(planes: [Float](repeating: 0, count: 4 * ChromaField.side * ChromaField.side)))
    }

    /// The photograph in the given colours.
    /// - Parameter saturation: what chroma is multiplied by.
    package func colored(_ field: ChromaField, saturation: Double = 1) -> RGBImage {
        var image = RGBImage(width: width, height: height)
        let painter = RowPainter(plane: plane, field: field, saturation: saturation, layout: RowPainter.Layout())
        image.pixels.withUnsafeMutableBytes { bytes in
            for y in 0..<height { _ = painter.paint(y, into: bytes.baseAddress! + y * width * 3) }
        }
        return image
    }

    /// Upsampled a, then b, row-major, before the gamut.
    func chroma(_ field: ChromaField) -> [Float] {
        let count = width * height
        let rows = FieldRows(field, width: width, height: height)
        var result = [Float](repeating: 0, count: 2 * count)
        for y in 0..<height {
            let row = rows.row(y)
            for x in stride(from: 0, to: width, by: 8) {
                let lanes = min(8, width - x)
                var light = Vector()
                for lane in 0..<lanes { light[lane] = GrayLevel.lightness[plane.tones[y * width + x + lane]] }
                let chroma = row.chroma(at: x, under: light)
                for lane in 0..<lanes {
                    result[y * width + x + lane] = chroma.a[lane]
                    result[count + y * width + x + lane] = chroma.b[lane]
                }
            }
        }
        return result
    }
}
