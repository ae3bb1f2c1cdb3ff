import CVips
import Foundation
import Tensor

/// A report on one written variant.
package struct VariantReport: Sendable, Equatable {
    /// Pixels whose chroma was lowered by more than half a unit, because sRGB has no such colour of that lightness.
    package var clippedPixels: Int
    /// Mean chroma of the picture as written, in Lab units.
    package var meanChroma: Double
    /// Remarks for the user, such as transparency that the format cannot keep.
    package var warnings: [String]
}

/// Colours one photograph: everything its variants share is computed once.
///
/// Each `write` streams: beyond the photograph it needs memory for a few dozen rows. Any number may run at once.
package final class Renderer: Sendable {
    /// The photograph.
    package let photograph: Photograph
    private let guide: ChromaUpsampler
    private let threads: Int

    /// - Parameter threads: most threads that paint one variant; results do not depend on it.
    package init(_ photograph: Photograph, threads: Int = 1) {
        precondition(threads > 0, "painting needs at least one thread")
        self.photograph = photograph
        self.threads = threads
        guide = ChromaUpsampler(lightness: photograph.networkLightness())
    }

    /// Colours for the photograph at any size.
    /// - Parameter chroma: `[1, 2, 64, 64]`, a and b in Lab units.
    package func field(chroma: Tensor) -> ChromaField { guide.field(chroma: chroma) }

    /// Writes one variant at full resolution; the same input gives the same bytes.
    /// - Parameters:
    ///   - field: its colours.
    ///   - path: a new file; one that is there is replaced, one that failed is removed.
    /// - Throws: `ImagingError`.
    package func write(_ field: ChromaField, to path: String, options: OutputOptions, disclosure: Disclosure) throws
        -> VariantReport
    {
        try Vips.ensureStarted()
        try options.validate()
        let plane = photograph.plane
        let layout = RowPainter.Layout(
            depth: options.format.keepsDepth ? photograph.bitDepth : 8,
            hasAlpha: photograph.hasAlpha && options.format.keepsAlpha,
            flattens: photograph.hasAlpha && !options.format.keepsAlpha)
        let strips = StripPainter(
            plane: plane, field: field, saturation: options.saturation, layout: layout, threads: threads)
        let density = (photograph.resolution ?? 72) / 25.4
        let picture = try strips.picture(pixelsPerMillimetre: density)
        try withExtendedLifetime(strips) {
            try Encoder.write(
                picture, to: path, options: options,
                metadata: .init(disclosure: disclosure, dates: photograph.dates))
        }
        var warnings: [String] = []
        if layout.flattens {
            warnings.append("\(options.format.rawValue) keeps no transparency: the picture is laid onto white")
        }
        if photograph.bitDepth > layout.depth {
            warnings.append("\(options.format.rawValue) keeps 8 of the photograph's 16 bits")
        }
        let counter = strips.total
        return VariantReport(
            clippedPixels: counter.clipped, meanChroma: counter.chroma / Double(plane.width * plane.height),
            warnings: warnings)
    }

    /// A reduced copy for sheets and maps; prepared once, it colours every variant quickly.
    /// - Parameter longSide: most pixels along the longer side; a smaller photograph is not enlarged.
    package func preview(longSide: Int) -> Preview {
        precondition(longSide > 0, "a preview needs at least one pixel")
        let plane = photograph.plane
        let scale = min(1, Double(longSide) / Double(max(plane.width, plane.height)))
        let width = max(1, Int((Double(plane.width) * scale).rounded()))
        let height = max(1, Int((Double(plane.height) * scale).rounded()))
        let lightness = plane.lightness(width: width, height: height)
        return Preview(plane: GrayPlane(width: width, height: height, lightness: lightness))
    }
}
