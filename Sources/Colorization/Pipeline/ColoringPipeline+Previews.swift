import Foundation
import Imaging

/// Writes the small pictures of a result while its variants are written.
struct PreviewWriter: Sendable {
    private let large: Preview?
    private let small: Preview
    private let gray: Preview
    private let directory: String
    private let saturation: Double
    private let disclosure: Disclosure

    /// - Parameter small: The photograph in the size of a sheet's pictures.
    init(
        _ renderer: Renderer, small: Preview, settings: ColoringSettings, disclosure: Disclosure,
        into directory: String
    ) {
        let longSide = max(renderer.photograph.width, renderer.photograph.height)
        // A picture that is hardly larger is its own preview, unless browsers do not show it.
        let isNeeded = longSide > PreviewFiles.previewSide * 3 / 2 || settings.format == .tiff
        large = isNeeded ? renderer.preview(longSide: PreviewFiles.previewSide) : nil
        gray = renderer.preview(longSide: PreviewFiles.graySide)
        (self.small, self.directory, self.disclosure) = (small, directory, disclosure)
        saturation = settings.saturation
    }

    /// Writes the photograph without colour.
    func writeOriginal() throws {
        try write((large ?? gray).original, as: PreviewFiles.preview(0))
        try write(small.original, as: PreviewFiles.thumbnail(0))
        try gray.pgm.write(to: URL(fileURLWithPath: directory + "/" + PreviewFiles.gray))
    }

    /// Writes a variant.
    ///
    /// - Parameter thumbnail: The variant in the size of a sheet's pictures, where that is painted already.
    func write(_ number: Int, _ field: ChromaField, thumbnail: RGBImage?) throws {
        if let large { try write(large.colored(field, saturation: saturation), as: PreviewFiles.preview(number)) }
        try write(thumbnail ?? small.colored(field, saturation: saturation), as: PreviewFiles.thumbnail(number))
    }

    /// Writes the map of where the variants disagree.
    func write(_ map: UncertaintyMap) throws { try write(map.picture, as: PreviewFiles.uncertainty) }

    private func write(_ picture: RGBImage, as name: String) throws {
        var options = OutputOptions(format: .jpeg)
        options.quality = PreviewFiles.quality
        try picture.write(to: directory + "/" + name, options: options, disclosure: disclosure)
    }
}
