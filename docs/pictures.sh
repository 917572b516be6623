#!/usr/bin/env bash
# Makes the pictures of docs/staff.md out of what the looks tests keep. Needs what ./test needs, and ImageMagick.
# Which page is which number follows the order in StaffLooksTests and RecordsLooksTests: look at the pictures before committing them.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
dotnet build Kalejdo.Portal.Tests
PORTAL_TEST_LONG=1 PORTAL_TEST_SCREENSHOTS=$folder Kalejdo.Portal.Tests/bin/Debug/net10.0/Kalejdo.Portal.Tests -noColor -class '*.StaffLooksTests' -class '*.RecordsLooksTests' -class '*.StaffJourneyTests' -class '*.SecondPersonJourneyTests'
mkdir -p docs/bilder
keep() {
  convert "$folder/resa-$1-sv-Light-1280-$2.png" -crop "1280x${4:-1100}+0+0" +repage -resize 800x +dither -colors 48 -strip "docs/bilder/$3.png"
}
sheet() {
  convert "$folder/handbok-$1-sv.png" $3 +repage -resize 800x +dither -colors 48 -strip "docs/bilder/$2.png"
}
phone() {
  convert "$folder/resa-$1-sv-$2.png" -gravity south -chop 0x280 -bordercolor '#999999' -border 1 +dither -colors 48 -strip "docs/bilder/$3.png"
}
keep personal 03 arenden 1800
keep personal 05 incident
keep rum 03 registerforteckning
keep rum 04 datakarta
keep rum 05 behorighetslogg
keep rum 08 utkorg
keep rum 10 partner
sheet svar svar '-crop 1280x780+0+1070'
sheet utskrift brev '-bordercolor #ffffff -border 40 -bordercolor #999999 -border 1'
phone tva-b 04 radering
