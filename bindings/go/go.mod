module ecoauth

go 1.19
